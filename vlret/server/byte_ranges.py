"""Files by byte range: one range a request, and a bounded part of it an answer."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from vlret.server.request_error import RequestError

MOST_BYTES = 8 << 20
"""Bytes of an answer to a range: a player asks for the next ones."""

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})|bytes=-(\d{1,18})")


class RangedFile(FileResponse):
    """A file, or the bounded beginning of the range that is asked for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        headers = [(name, _bounded(value) if name == b"range" else value) for name, value in scope["headers"]]
        await super().__call__({**scope, "headers": headers}, receive, send)


def ranged(path: Path, media_type: str, range_header: str | None) -> RangedFile:
    """Return the answer of a file.

    Raises:
        RequestError: several ranges, or none that can be read (416).
    """
    if range_header is not None and not _RANGE.fullmatch(range_header):
        raise RequestError("A range was given as anything but one range of bytes.",
                           "Write bytes=FIRST-LAST.", status=416, code="bad_range")  # fmt: skip
    return RangedFile(path, media_type=media_type, headers={"Cache-Control": "private, max-age=3600"})


def _bounded(value: bytes) -> bytes:
    found = _RANGE.fullmatch(value.decode("latin-1"))
    if not found or found[1] is None:
        return value
    last = int(found[1]) + MOST_BYTES - 1
    return b"bytes=%d-%d" % (int(found[1]), min(int(found[2] or last), last))
