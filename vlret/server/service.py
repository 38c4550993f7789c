"""What all requests of a service share."""

from __future__ import annotations

from typing import Any

from vlret.models.captioners.base import Captioner
from vlret.server.cache import Cache
from vlret.server.decoders import Decoders
from vlret.server.library import Library
from vlret.server.metrics import Metrics
from vlret.server.settings import Settings
from vlret.server.workers import Workers

_SEARCH_THREADS = 4


class Service:
    """Indexes, models, threads, decoding processes and the cache of one service.

    Raises:
        IndexFolderError: a folder holds no index, or a damaged one.
        OutputError: the cache folder cannot be created.
    """

    def __init__(self, settings: Settings) -> None:
        limits = settings.limits
        self.settings, self.metrics = settings, Metrics()
        self.library = Library(settings, self.metrics.texts_at_once.observe)
        self.cache = Cache(settings.cache, limits.cache_bytes)
        self.decoders = Decoders(limits)
        self.searches = Workers("searches", _SEARCH_THREADS, limits.queue, limits.request_s)
        self.media = Workers("pictures and clips", limits.decoders, limits.queue, limits.request_s)
        self.probes: dict[tuple[object, ...], dict[str, Any]] = {}
        queues = {
            "searches": lambda: self.searches.n_waiting,
            "media": lambda: self.media.n_waiting,
            "models": lambda: sum(worker.n_waiting for worker in self.library.workers),
        }
        self.metrics.watch(queues, lambda: self.cache.n_bytes)
        self.captioners: dict[int, Captioner] = {}
        self.failure: str | None = None

    def hidden_folders(self) -> set[str]:
        """The folders that messages do not name."""
        if self.settings.show_paths:
            return set()
        return {*self.library.folders(), str(self.cache.folder)}

    def close(self) -> None:
        """End all threads and child processes."""
        self.searches.close()
        self.media.close()
        self.decoders.close()
        self.library.close()
