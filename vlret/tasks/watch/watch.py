"""Watch folders: what is new in them is taken into an index as it comes."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from numbers import Real
from pathlib import Path

from vlret.errors import OutputError, UsageError, VlretError
from vlret.index.report import BuildReport
from vlret.index.store import Store
from vlret.media.sources import typed_path
from vlret.models.base import Embedder
from vlret.tasks.watch.changes import Changes
from vlret.tasks.watch.library import WatchedLibrary
from vlret.types import as_path, check_count

log = logging.getLogger(__name__)

FIRST_RETRY_S, LONGEST_RETRY_S = 5.0, 300.0
_PASSING = frozenset(
    ("index_locked", "index_changing", "index_unreadable", "no_index", "no_process", "source_missing")
)
_REST = 10  # at most a tenth of the time goes into looking for changes


def watch(
    folders: str | Path | Sequence[str | Path],
    index: str | Path,
    *,
    model: str | Embedder | None = None,
    settle_s: float = 5.0,
    poll_s: float | None = None,
    prune: bool = False,
    workers: int = 1,
    device: str = "auto",
    progress: bool = True,
) -> Iterator[BuildReport]:
    """Keep an index up to date with folders; a report of each batch of files that changed it. Endless.

    Events of the system only say that it is time to look; all is looked at once an hour, too. A full disk, another
    writer, and a folder or an index that goes away are waited for, with a warning in the log.

    Args:
        folders: each with everything in it.
        index: its folder. An existing one keeps its settings; else one with the default settings is made.
        model: None takes the index's own, for a new one vljepa-mini.
        settle_s: a file is taken once its size and time have not changed for so many seconds.
        poll_s: look every so many seconds instead of waiting for events; None: on network drives every 60.
        prune: drop the clips of files that are gone, unless their whole folder is missing or empty.
        workers: decode processes.
        device: where the model runs, as for `load_model`.
        progress: show a bar on stderr when that is a terminal.

    Raises:
        UsageError: a folder is missing and unknown to the index, or an argument is not allowed.
        IndexFolderError, ModelError: the index is damaged, or its model cannot be loaded.
        MissingExtraError: events need a package that is not installed.
    """
    given = [folders] if isinstance(folders, (str, Path)) else list(folders)
    paths = [typed_path(as_path(folder, "A folder")) for folder in given]
    check_count(workers, "workers")
    _check_seconds(settle_s, "settle_s")
    if poll_s is not None:
        _check_seconds(poll_s, "poll_s")
    changes = Changes(paths, poll_s)
    store = Store(as_path(index, "The folder of the index"))
    library = WatchedLibrary(paths, store, model, device, settle_s, prune, workers, progress)
    return _reports(library, changes, settle_s)


def _reports(library: WatchedLibrary, changes: Changes, settle_s: float) -> Iterator[BuildReport]:
    said, retry_s = "", FIRST_RETRY_S
    with changes:
        while True:
            started_s = time.monotonic()
            try:
                report = library.look()
            except (VlretError, OSError) as error:
                if not _passes(error):
                    raise
                if str(error) != said:
                    log.warning("%s Trying again until it works.", error)
                said = str(error)
                time.sleep(retry_s)
                retry_s = min(2 * retry_s, LONGEST_RETRY_S)
                continue
            said, retry_s = "", FIRST_RETRY_S
            if report:
                yield report
            elif library.is_waiting:
                time.sleep(max(settle_s, _REST * (time.monotonic() - started_s)))
            else:
                time.sleep(_REST * (time.monotonic() - started_s))
                changes.wait(library.next_look_s)


def _passes(error: VlretError | OSError) -> bool:
    """Whether it may pass by itself: a full disk, another writer, a drive that is away."""
    return isinstance(error, (OSError, OutputError)) or error.code in _PASSING


def _check_seconds(value: object, name: str) -> None:
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < float(value) < float("inf"):
        raise UsageError(
            f"{name} was given as {value!r}.",
            "Give a positive number of seconds.",
            code="not_positive",
            given=value,
        )
