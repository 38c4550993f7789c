"""The sandbox sees what it is there to see."""

from __future__ import annotations

import os
import pickle
import runpy
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.security.sandbox import Sandbox


def _ask_network(_: Sandbox) -> None:
    with suppress(OSError):
        socket.create_connection(("192.0.2.1", 9), timeout=0.1)


def _look_up(_: Sandbox) -> None:
    with suppress(OSError):
        socket.getaddrinfo("huggingface.co", 443)


HARM = {
    "code": lambda box: runpy.run_path(str(box.canary(box.stranger / "code.py"))),
    "unpickled": lambda box: pickle.loads(pickle.dumps(box.pickled_canary())),  # noqa: S301
    "changed": lambda box: box.secret.write_text("something else"),
    "touched": lambda box: os.utime(box.secret, (1, 1)),
    "deleted": lambda box: (box.user / "old.faiss").unlink(),
    "made": lambda box: (box.root / "new").mkdir(),
    "linked": lambda box: (box.user / "link").symlink_to("/"),
    "mode": lambda box: box.secret.chmod(0o777),
    "read": lambda box: Path(box.stranger, "..", "user", "secret.txt").read_text(),
    "process": lambda _: subprocess.run(["true"], check=True),
    "network": _ask_network,
    "name": _look_up,
}


@pytest.mark.parametrize("harm", HARM)
def test_harm_is_seen(harm, sandbox):
    with pytest.raises(AssertionError), sandbox.unharmed():
        HARM[harm](sandbox)


def test_what_may_change_may_change(sandbox):
    with sandbox.unharmed(sandbox.stranger):
        (sandbox.stranger / "view").mkdir()
        (sandbox.stranger / "view" / "info.json").write_text("{}")
