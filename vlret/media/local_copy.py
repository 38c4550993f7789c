"""Files at addresses, on this machine for as long as they are decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from vlret.errors import VlretError
from vlret.media.unreadable_error import UnreadableError
from vlret.object_store import fetch, without_key
from vlret.remote_path import RemotePath


@contextmanager
def local_copy(path: Path, is_stopped: Callable[[], bool] = lambda: False) -> Iterator[Path]:
    """Give a path of this machine for `path`: itself; or of an object a copy, which is deleted afterwards.

    The copy is in the system's directory for temporary files (TMPDIR). Errors about the copy name the address.

    Raises:
        MediaError: it cannot be fetched; or until `is_stopped`.
        MissingExtraError: its address needs a package that is not installed.
    """
    if not isinstance(path, RemotePath):
        yield path
        return
    with TemporaryDirectory(prefix="vlret-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder, f"media{path.suffix[:20]}")
        try:
            fetch(path, copy, is_stopped)
        except OSError as error:
            raise _unreachable(path, error) from error
        try:
            yield copy
        except VlretError as error:
            _rename(error, copy, path)
            raise


def _unreachable(path: RemotePath, error: OSError) -> UnreadableError:
    reason = f"cannot be fetched: {error.strerror}"
    return UnreadableError(
        without_key(path), reason, "Check the address and your access.", code="media_unreachable"
    )


def _rename(error: VlretError, copy: Path, path: RemotePath) -> None:
    """Name the address in place of the copy."""
    error.message, error.hint = (text.replace(str(copy), str(path)) for text in (error.message, error.hint))
    error.args = (f"{error.message} {error.hint}".strip(),)
    error.fields = {name: path if value == copy else value for name, value in error.fields.items()}
