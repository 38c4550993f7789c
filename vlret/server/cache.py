"""A folder of files that were made once: pictures and clips. It has a bound, and each file is made by one request."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vlret.files import is_temporary, temporary_beside, unwritable

_UNFINISHED_S = 3600.0


class Cache:
    """Files by key, at most `most_bytes` in all: those used longest ago are deleted.

    Raises:
        OutputError: the folder cannot be created.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self._most_bytes = folder, most_bytes
        self._lock, self._making = threading.Lock(), dict[str, threading.Lock]()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise unwritable(folder, error) from error
        self._drop_unfinished()
        self.n_bytes = sum(size for _, size, _ in self._files())

    def path(self, key: tuple[object, ...], suffix: str) -> Path:
        """The path of the file of `key`, whether it is there or not."""
        return self.folder / f"{hashlib.blake2b(repr(key).encode(), digest_size=20).hexdigest()}{suffix}"

    def has(self, path: Path) -> bool:
        """Whether the file is there; it counts as used now."""
        try:
            os.utime(path)
        except OSError:
            return False
        return True

    def make(self, path: Path, write: Callable[[Path], None]) -> None:
        """Make a file unless it is there: `write` writes it to the path that it is given.

        Raises:
            OutputError: the file cannot be written; and what `write` raises.
        """
        with self._one_at_a_time(path.name):
            if not self.has(path):
                self._make(path, write)

    def _make(self, path: Path, write: Callable[[Path], None]) -> None:
        temporary = temporary_beside(path)
        try:
            write(temporary)
            size = temporary.stat().st_size
            self._make_room(size)
            temporary.replace(path)
        except OSError as error:
            raise unwritable(path, error) from error
        finally:
            temporary.unlink(missing_ok=True)
        with self._lock:
            self.n_bytes += size

    @contextmanager
    def _one_at_a_time(self, name: str) -> Iterator[None]:
        """Let one thread make a file, and the others wait for it."""
        with self._lock:
            lock = self._making.setdefault(name, threading.Lock())
        try:
            with lock:
                yield
        finally:
            with self._lock:
                self._making.pop(name, None)

    def _make_room(self, n_bytes: int) -> None:
        with self._lock:
            if self.n_bytes + n_bytes <= self._most_bytes:
                return
            files = sorted(self._files())
            self.n_bytes = sum(size for _, size, _ in files)
            for _, size, path in files:
                if self.n_bytes + n_bytes <= 0.9 * self._most_bytes:
                    return
                path.unlink(missing_ok=True)
                self.n_bytes -= size

    def _drop_unfinished(self) -> None:
        """Delete what a killed service was writing."""
        for path in self.folder.iterdir():
            with suppress(OSError):
                if is_temporary(path.name) and time.time() - path.stat().st_mtime > _UNFINISHED_S:
                    path.unlink()

    def _files(self) -> list[tuple[float, int, Path]]:
        """(time of last use, bytes, path) of each file."""
        found = []
        for entry in os.scandir(self.folder):
            if is_temporary(entry.name):  # being written
                continue
            with suppress(OSError):
                stat = entry.stat(follow_symlinks=False)
                found.append((stat.st_mtime, stat.st_size, Path(entry.path)))
        return found
