"""The indexes of a service: opened once, opened again when they change on disk; indexes of one model share it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from functools import cached_property, partial
from pathlib import Path

from vlret.errors import VlretError
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.server.media_files import MediaFiles
from vlret.server.model_worker import ModelWorker
from vlret.server.request_error import RequestError
from vlret.server.settings import Settings
from vlret.tasks.index_model import model_for_index, short_name
from vlret.tasks.searcher import Searcher

log = logging.getLogger(__name__)

_LOOK_S = 1.0


class Revision:
    """One revision of an index, with the worker of its model; a request uses one from its start to its end."""

    def __init__(self, index_id: str, index: Index, worker: ModelWorker) -> None:
        self.id, self.index, self.worker = index_id, index, worker
        self._lock = threading.Lock()
        self._searcher: Searcher | None = None

    @cached_property
    def files(self) -> MediaFiles:
        """Its media files."""
        return MediaFiles(self.index)

    def searcher(self, model: Embedder) -> Searcher:
        """Its searcher, with the worker's model."""
        with self._lock:
            self._searcher = self._searcher or Searcher(self.index, model)
            return self._searcher


class Entry:
    """One index of a service by its id; `current` is the newest revision that could be opened."""

    def __init__(self, index_id: str, place: str | Path, worker_of: Callable[[Index], ModelWorker]) -> None:
        """`place`: the folder of the index, or its address in a database."""
        self.id, self._place, self._worker_of = index_id, place, worker_of
        self._lock, self._looked = threading.Lock(), time.monotonic()
        self.current = self._open()

    def refresh(self) -> None:
        """Take in what has changed on disk; looks at most once a second, and leaves others the revision they have."""
        if time.monotonic() - self._looked < _LOOK_S or not self._lock.acquire(blocking=False):
            return
        try:
            if not self.current.index.is_current():
                self.current = self._open()
        except VlretError as error:
            log.warning("The index %s stays as it was: %s", self.id, error)
        finally:
            self._looked = time.monotonic()
            self._lock.release()

    def _open(self) -> Revision:
        index = Index.open(self._place)
        return Revision(self.id, index, self._worker_of(index))


class Library:
    """The indexes of a service by id, in the order given.

    Raises:
        IndexFolderError: there is no index, or it is damaged.
        DatabaseError: a database cannot be reached, or holds no index.
    """

    def __init__(self, settings: Settings, on_batch: Callable[[int], None]) -> None:
        self._settings, self._on_batch = settings, on_batch
        self._workers: dict[tuple[object, ...], ModelWorker] = {}
        self.entries: dict[str, Entry] = {}
        for place in settings.indexes:
            entry = Entry(self._free_id(short_name(place)), place, self._worker_of)
            self.entries[entry.id] = entry

    def get(self, index_id: str) -> Revision:
        """The current revision of the index of that id.

        Raises:
            RequestError: there is none.
        """
        if index_id not in self.entries:
            raise RequestError(
                "There is no index of that name.", "See /api/indexes.", status=404, code="no_such_index"
            )
        return self.entries[index_id].current

    def chosen(self, ids: str | Sequence[str] | None) -> list[Revision]:
        """The indexes of these ids, each once; None: all. Raises `RequestError` as `get`."""
        given = [ids] if isinstance(ids, str) else ids
        return [self.get(one) for one in dict.fromkeys(given or self.entries)]

    def refresh(self) -> None:
        """Take in what has changed on disk."""
        for entry in self.entries.values():
            entry.refresh()

    @property
    def is_ready(self) -> bool:
        """Whether all models are loaded."""
        return all(worker.is_ready for worker in self.workers)

    @property
    def workers(self) -> Collection[ModelWorker]:
        """The worker of each model."""
        return self._workers.values()

    def folders(self) -> set[str]:
        """The folders of the indexes and of their media."""
        roots = {root for entry in self.entries.values() for root in entry.current.index.manifest.roots}
        return roots | {entry.current.index.place for entry in self.entries.values()}

    def close(self) -> None:
        """End all threads and release the models."""
        for worker in self.workers:
            worker.close()

    def _worker_of(self, index: Index) -> ModelWorker:
        recipe, settings = index.recipe, self._settings
        key = (recipe.model, recipe.dtype, recipe.card)
        if key not in self._workers:
            load = partial(model_for_index, index, settings.model, settings.device)
            self._workers[key] = ModelWorker(load, settings.limits, self._on_batch)
        return self._workers[key]

    def _free_id(self, name: str) -> str:
        names = [name, *(f"{name}-{n}" for n in range(2, len(self.entries) + 2))]
        return next(name for name in names if name not in self.entries)
