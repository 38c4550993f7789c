"""What a stream is read from, and the name that may be printed: addresses hold passwords."""

from __future__ import annotations

import re
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vlret.errors import UsageError
from vlret.media.unreadable_error import UnreadableError
from vlret.text import without_credentials

Kind = Literal["file", "pipe", "address", "camera"]

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
SCHEMES = ("rtsp", "rtsps", "http", "https")


@dataclass(frozen=True, slots=True)
class StreamSource:
    """A source of frames.

    Attributes:
        kind: a file is read without loss, and so is a pipe; an address and a camera do not wait.
        name: what messages and results call it: user, password and query of an address are left out.
        location: what is opened; never printed. "-" is standard input.
    """

    kind: Kind
    name: str
    location: str = field(repr=False)


def stream_source(given: str | Path) -> StreamSource:
    """Return the source that a user named: a path, "-", an address or a camera device.

    Raises:
        UsageError: an address of another kind ("unknown_scheme"), or a terminal as the pipe ("stdin_is_terminal").
        MediaError: there is no such file ("media_not_found").
    """
    text = str(given)
    if text == "-":
        return _stdin()
    if _ADDRESS.match(text):
        return _address(text)
    path = Path(given).absolute()
    mode = path.stat().st_mode if path.exists() else 0
    kinds: dict[int, Kind] = {stat.S_IFREG: "file", stat.S_IFIFO: "pipe", stat.S_IFCHR: "camera"}
    kind = kinds.get(stat.S_IFMT(mode))
    if kind is None:
        reason = "not a file, a pipe or a camera" if mode else "not found"
        raise UnreadableError(path, reason, "Check the path.", code="media_not_found")
    return StreamSource(kind, text, str(path))


def _stdin() -> StreamSource:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError(
            "Standard input is a terminal.",
            "Pipe a video into the command, or give a file or an address.",
            code="stdin_is_terminal",
        )
    return StreamSource("pipe", "standard input", "-")


def _address(text: str) -> StreamSource:
    scheme = text.partition("://")[0].lower()
    if scheme not in SCHEMES:
        raise UsageError(
            f"Addresses of {scheme}:// are not read.",
            f"Give one of {', '.join(SCHEMES)}.",
            code="unknown_scheme",
            given=scheme,
            allowed=SCHEMES,
        )
    name = without_credentials(re.sub(r"\s", "%20", text))  # a password may hold a space
    return StreamSource("address", name, scheme + text[len(scheme) :])
