"""Durations of many files by their headers, read in a child process that can be killed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from vlret.media.pool.child_process import Child, ChildDied
from vlret.remote_path import RemotePath

LIMIT_S = 20.0
MEMORY_BYTES = 4 << 30


def read_headers(paths: Iterable[Path]) -> Iterator[tuple[Path, float | None]]:
    """Yield each path with the duration in seconds that its header states; 0.0: an image; None: cannot be read.

    Nothing is fetched from an address: None.

    Raises:
        VlretError: no process can be started.
    """
    child: Child | None = None
    try:
        for path in paths:
            if isinstance(path, RemotePath):
                yield path, None
                continue
            child = child or Child(MEMORY_BYTES)
            try:
                yield path, _duration(child, path)
            except ChildDied:
                child.kill()
                child = None
                yield path, None
    finally:
        if child is not None:
            child.kill()


def _duration(child: Child, path: Path) -> float | None:
    child.send({"kind": "header", "path": str(path.absolute())})
    header, _ = child.receive(LIMIT_S)
    while header["kind"] == "alive":
        header, _ = child.receive(LIMIT_S)
    return header.get("duration")
