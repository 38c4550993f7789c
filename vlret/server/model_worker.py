"""One model for all requests: one thread uses it, and the texts that wait are embedded together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from vlret.models.base import Embedder
from vlret.server.settings import Limits
from vlret.server.workers import Workers
from vlret.tasks.calibration_file import load_calibration
from vlret.tasks.text_warnings import text_warnings
from vlret.types import Vectors

T = TypeVar("T")

MOST_TEXTS = 64
"""Texts embedded at once."""


@dataclass(slots=True)
class _Waiting:
    text: str
    result: Future[tuple[Vectors, list[str]]]


class ModelWorker:
    """Runs a model on a thread of its own; `is_calibrated`: it is loaded, and gives probabilities.

    Args:
        load: gives the model; it runs on that thread, once.
        on_batch: called with the number of texts of each batch.
    """

    def __init__(
        self, load: Callable[[], Embedder], limits: Limits, on_batch: Callable[[int], None] = lambda n: None
    ) -> None:
        self._load, self._on_batch = load, on_batch
        self._workers = Workers("the model", 1, limits.queue, limits.request_s)
        self._waiting: deque[_Waiting] = deque()
        self._model: Embedder | None = None
        self.is_calibrated = False

    @property
    def is_ready(self) -> bool:
        """Whether the model is loaded."""
        return self._model is not None

    @property
    def n_waiting(self) -> int:
        """Calls that wait or run."""
        return self._workers.n_waiting

    async def run(self, function: Callable[[Embedder], T]) -> T:
        """Return what `function` gives for the model.

        Raises:
            RequestError: the queue is full, or there is no result in time.
            VlretError: the model cannot be loaded.
        """
        return await self._workers.run(lambda: function(self._loaded()))

    async def model(self) -> Embedder:
        """Return the model, loaded; for what needs no more than its card. Raises as `run`."""
        return await self.run(lambda model: model) if self._model is None else self._model

    async def embed_text(self, text: str) -> tuple[Vectors, list[str]]:
        """Return the embedding float32 [dim] of a text, and the warnings about it. Raises as `run`."""
        self._workers.check_queue()
        waiting = _Waiting(text, Future())
        self._waiting.append(waiting)
        while not waiting.result.done():  # more than one turn where many before it were given up
            await self.run(self._embed_waiting)
        return waiting.result.result()

    def close(self) -> None:
        """Start nothing more, and release the model."""
        self._workers.close()
        self._model = None

    def _loaded(self) -> Embedder:
        if self._model is None:
            self._model = self._load()
            self.is_calibrated = load_calibration(self._model) is not None
        return self._model

    def _embed_waiting(self, model: Embedder) -> None:
        """Embed the oldest that wait."""
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TEXTS))]
        if not batch:  # an earlier call took the one of this call
            return
        self._on_batch(len(batch))
        try:
            vectors = model.embed_texts([one.text for one in batch])
            warnings = [text_warnings(model, one.text) for one in batch]
        except Exception as error:  # noqa: BLE001 - raised where each is waited for
            for one in batch:
                one.result.set_exception(error)
        else:
            for one, vector, found in zip(batch, vectors, warnings, strict=True):
                one.result.set_result((vector, found))
