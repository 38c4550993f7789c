"""A folder from a stranger beside files of a user: whatever is done with it, the user's files stay as they were.

with sandbox.unharmed():
    with pytest.raises(VlretError):
        load_model(sandbox.stranger)
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ASKS = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")
_RUNS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")

State = dict[str, tuple[object, ...]]


class Sandbox:
    """A tree `root` with `stranger` (the hostile folder) and `user` (files that must stay as they are)."""

    def __init__(self, root: Path) -> None:
        self.root, self.stranger, self.user = root, root / "stranger", root / "user"
        self.stranger.mkdir(parents=True)
        self.secret = self.user / "secret.txt"
        for name in ("secret.txt", "notes.json", "old.faiss", "skipped-000001.parquet", "deep/film.mp4"):
            (self.user / name).parent.mkdir(parents=True, exist_ok=True)
            (self.user / name).write_bytes(f"the user's own {name}\n".encode())
        self._marker = root / "CODE_RAN"
        self._events: list[str] = []

    def canary(self, file: Path, definitions: str = "") -> Path:
        """Python code at `file` that tells the sandbox when it is run; `definitions` follow it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"open({str(self._marker)!r}, 'w').close()\n{definitions}\n")
        return file

    def pickled_canary(self) -> object:
        """An object whose unpickling tells the sandbox that code was run."""
        return _Pickled(str(self._marker))

    @contextmanager
    def unharmed(self, *may_change: Path) -> Iterator[None]:
        """Fail if, while the block runs, code of the stranger runs or anything outside `may_change` changes.

        Fails, too, if the user's files are opened, a process is started, or the network is asked
        (which is refused).
        """
        before = self._state()
        global _watching  # noqa: PLW0603 - an audit hook cannot be taken away again
        _watching = self
        try:
            yield
        finally:
            _watching = None
        assert not self._marker.exists(), "code of the stranger ran"
        assert self._events == []
        assert _differences(before, self._state(), [self._name(path) for path in may_change]) == []

    def _state(self) -> State:
        return {self._name(path): _described(path) for path in [self.root, *self._paths()]}

    def _paths(self) -> Iterator[Path]:
        for folder, folders, files in os.walk(self.root):
            yield from (Path(folder, name) for name in sorted(folders + files))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _saw(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _ASKS and not _is_local(event, arguments[-1]):
            self._events.append(f"{event} {arguments[1:]}")
            raise OSError("the sandbox has no network")
        if event in _RUNS:
            self._events.append(f"{event} {arguments[0]}")
        if event == "open" and isinstance(arguments[0], (str, Path)) and self._is_users(str(arguments[0])):
            self._events.append(f"{event} {arguments[0]}")

    def _is_users(self, name: str) -> bool:
        return Path(os.path.realpath(name)).is_relative_to(self.user)


def _is_local(event: str, address: object) -> bool:
    """Whether a socket goes to another process of this machine by a path."""
    return event == "socket.connect" and isinstance(address, (str, bytes))


class _Pickled:
    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.marker,)


def _described(path: Path) -> tuple[object, ...]:
    """Kind and permissions, time, size and content (a link: its target)."""
    status = path.lstat()
    content: str | None = None
    if path.is_symlink():
        content = os.readlink(path)
    elif path.is_file():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    size = 0 if path.is_dir() else status.st_size
    return status.st_mode, status.st_mtime_ns, size, content


def _differences(before: State, after: State, may_change: list[str]) -> list[str]:
    return [
        name
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
        and not any(name == allowed or name.startswith(f"{allowed}/") for allowed in may_change)
    ]


_watching: Sandbox | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching is not None:
        _watching._saw(event, arguments)


sys.addaudithook(_hook)
