"""Objects at addresses: looked up, listed, read and written, by fsspec; errors are `OSError`s, as of local files."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from vlret.errors import VlretError
from vlret.remote_path import RemotePath, is_address, path_of
from vlret.storage import file_system
from vlret.text import without_credentials

State = tuple[int, int]
"""Size in bytes, and time of change in nanoseconds since 1970, in whole seconds: listings and headers differ below."""
_TIMES = ("LastModified", "mtime", "updated", "created")  # s3fs, gcsfs, memory
_REASONS = {
    "NoCredentialsError": "no credentials were found",
    "DefaultCredentialsError": "no credentials were found",
    "EndpointConnectionError": "the server cannot be reached",
    "ClientConnectorError": "the server cannot be reached",
    "ConnectTimeoutError": "the server does not answer",
    "ReadTimeoutError": "the server does not answer",
    "FSTimeoutError": "the server does not answer",
}


def state_of(address: RemotePath) -> State | None:
    """Return size and time of an object, None for what has others below it.

    Raises:
        FileNotFoundError: there is nothing.
        OSError: nobody answers, or it may not be read.
        MissingExtraError: a package is not installed.
    """
    with _os_errors():
        files, path = _opened(address)
        info = files.info(path)
        return None if info["type"] == "directory" else _state(info)


def objects_below(folder: RemotePath) -> dict[str, State]:
    """Return the addresses of all objects below a directory or in a bucket, in no order; not all make a `RemotePath`.

    Raises:
        OSError, MissingExtraError: as `state_of`.
    """
    with _os_errors():
        files, path = _opened(folder)
        found = files.find(path, detail=True)
        scheme = str(folder).partition("://")[0]
        return {f"{scheme}://{name.lstrip('/')}": _state(info) for name, info in found.items()}


def read_bytes(address: RemotePath, start: int | None = None, end: int | None = None) -> bytes:
    """Return the bytes `[start, end)` of an object, or all.

    Raises:
        OSError, MissingExtraError: as `state_of`.
    """
    with _os_errors():
        files, path = _opened(address)
        return bytes(files.cat_file(path, start=start, end=end))


def write_bytes(address: RemotePath, data: bytes) -> None:
    """Write an object, which appears or is replaced as a whole.

    Raises:
        OSError, MissingExtraError: as `state_of`.
    """
    with _os_errors():
        files, path = _opened(address)
        files.pipe_file(path, data)


def fetch(address: RemotePath, to: Path, is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Copy an object to a file of this machine, until `is_stopped`.

    Raises:
        OSError, MissingExtraError: as `state_of`; also for a full disk.
    """
    from fsspec.callbacks import Callback

    class Stoppable(Callback):  # type: ignore[misc]
        def relative_update(self, inc: int = 1) -> None:
            super().relative_update(inc)
            if is_stopped():
                raise InterruptedError(errno.EINTR, "stopped")

    with _os_errors():
        files, path = _opened(address)
        progress = Stoppable()
        files.get_file(path, str(to), callback=progress)
        if progress.size is not None and os.path.getsize(to) != progress.size:
            raise OSError(errno.EIO, "it ended early")


def without_key(path: Path) -> Path:
    """Return a path as messages name it: what is no address may hold a key in place of a bucket, which is masked."""
    text = str(path)
    return (
        path_of(without_credentials(text)) if isinstance(path, RemotePath) and not is_address(text) else path
    )


def _opened(address: RemotePath) -> tuple[Any, str]:
    """The file system of an address and its path there."""
    if not is_address(str(address)):  # a row of an index may hold anything
        raise OSError(errno.EINVAL, "this is no address of an object")
    return file_system(str(address))


def _state(info: dict[str, Any]) -> State:
    time = next((info[name] for name in _TIMES if name in info), 0)
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    seconds = time.timestamp() if isinstance(time, datetime) else float(time)
    return int(info["size"]), int(seconds) * 10**9


@contextmanager
def _os_errors() -> Iterator[None]:
    """Make each error an `OSError` with a reason in plain words; what the packages say may hold a token."""
    try:
        yield
    except VlretError:
        raise
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, "no such object or bucket") from error
    except PermissionError as error:
        raise PermissionError(errno.EACCES, "access denied") from error
    except Exception as error:
        number, known = getattr(error, "errno", None), _REASONS.get(type(error).__name__)
        reason = known or getattr(error, "strerror", None) or type(error).__name__
        raise OSError(number or errno.EIO, reason) from error
