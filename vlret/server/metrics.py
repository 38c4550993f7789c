"""Figures of a service in the format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

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

    def watch(self, waiting: Mapping[str, Callable[[], int]], cache_bytes: Callable[[], int]) -> None:
        """Read the length of each queue, and the size of the cache, whenever the figures are asked for."""
        gauge = Gauge("vlret_waiting", "Work that waits or runs.", ["what"], registry=self._registry)
        for what, length in waiting.items():
            gauge.labels(what).set_function(length)
        kept = Gauge("vlret_cache_bytes", "Pictures and clips on disk.", registry=self._registry)
        kept.set_function(cache_bytes)

    def text(self) -> bytes:
        """The figures as Prometheus reads them."""
        return generate_latest(self._registry)
