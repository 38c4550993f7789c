"""Figures of a service in the format of Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from vlret.server.service import Service

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_TEXTS = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """Counts and times of requests, refusals by reason, queues, batches, the cache, and the process."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.seconds = Histogram(
            "vlret_request_seconds", "Seconds to the end of an answer.", ["route", "status"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self.refused = Counter("vlret_refused", "Requests that were refused.", ["reason"], registry=registry)
        self.texts_at_once = Histogram(
            "vlret_texts_at_once", "Texts that were embedded together.", buckets=_TEXTS, registry=registry
        )
        ProcessCollector(registry=registry)

    def watch(self, service: Service) -> None:
        """Read the queues and the cache of `service` whenever the figures are asked for."""
        registry = self._registry
        waiting = Gauge("vlret_waiting", "Work that waits or runs.", ["what"], registry=registry)
        waiting.labels("searches").set_function(lambda: service.searches.n_waiting)
        waiting.labels("media").set_function(lambda: service.media.n_waiting)
        waiting.labels("models").set_function(lambda: sum(one.n_waiting for one in service.library.workers))
        kept = Gauge("vlret_cache_bytes", "Pictures and clips on disk.", registry=registry)
        kept.set_function(lambda: service.cache.n_bytes)

    def text(self) -> bytes:
        """The figures as Prometheus reads them."""
        return generate_latest(self._registry)
