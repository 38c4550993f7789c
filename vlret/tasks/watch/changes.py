"""Waits until something may have changed below some folders: by the system's events, or after a time."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Self

from vlret.errors import MissingExtraError
from vlret.media.sources import MEDIA_SUFFIXES
from vlret.tasks.watch.network_drives import is_network_drive

log = logging.getLogger(__name__)

POLL_S = 60.0
_CHECK_S = 1.0


class Changes:
    """Events are hints only: whoever is woken looks for itself what has changed. A context manager.

    Args:
        folders: absolute; they may be missing, come and go.
        poll_s: return after so many seconds and use no events; None: events, and POLL_S on network drives.

    Raises:
        MissingExtraError: events need a package that is not installed.
    """

    def __init__(self, folders: Sequence[Path], poll_s: float | None = None) -> None:
        remote = [folder for folder in folders if poll_s is None and is_network_drive(folder)]
        self._poll_s = poll_s or (POLL_S if remote else math.inf)
        self._folders = [] if poll_s else [folder for folder in folders if folder not in remote]
        if self._folders:
            _require_watchfiles()
        self._events: Generator[set[Any], None, None] | None = None
        self._watched: dict[Path, tuple[int, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def wait(self, at_most_s: float) -> None:
        """Return when something may have changed, or after `at_most_s`."""
        end_s = time.monotonic() + min(at_most_s, self._poll_s)
        while (left_s := end_s - time.monotonic()) > 0:
            if self._is_woken(min(left_s, _CHECK_S)):
                return

    def _is_woken(self, seconds: float) -> bool:
        there = _identities(self._folders)
        is_other = there != self._watched  # one came, went or was mounted over
        if is_other:
            self._open(there)
        if self._events is None:
            time.sleep(0 if is_other else seconds)
            return is_other
        try:
            return bool(next(self._events)) or is_other  # the first call begins to watch
        except FileNotFoundError:  # it has gone since
            self._close()
            return True
        except (OSError, RuntimeError) as error:  # the system's limit of watched directories
            log.warning("No events of changes (%s): looking every %.0f s.", error, POLL_S)
            self._close()
            self._folders, self._poll_s = [], min(self._poll_s, POLL_S)
            return True

    def _open(self, folders: dict[Path, tuple[int, int]]) -> None:
        self._close()
        self._watched = folders
        if folders:
            import watchfiles

            self._events = watchfiles.watch(
                *folders, watch_filter=_may_matter, rust_timeout=int(_CHECK_S * 1000), yield_on_timeout=True,
                force_polling=False, ignore_permission_denied=True,
            )  # fmt: skip

    def _close(self) -> None:
        if self._events is not None:
            self._events.close()
        self._events, self._watched = None, {}


def _identities(folders: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Device and inode of each folder that is there."""
    found = {}
    for folder in folders:
        try:
            stat = folder.stat()
        except OSError:
            continue
        found[folder] = (stat.st_dev, stat.st_ino)
    return found


def _may_matter(_: object, path: str) -> bool:
    return os.path.splitext(path)[1].lower() in MEDIA_SUFFIXES or os.path.isdir(path)


def _require_watchfiles() -> None:
    try:
        import watchfiles  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "Events of changed files need the package watchfiles.",
            "Run: pip install 'vlret[watch]'. Or look every so many seconds instead (poll_s=60).",
            code="no_watchfiles",
            package="watchfiles",
        ) from error
