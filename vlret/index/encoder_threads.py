"""Threads that turn decoded clips into vectors, and share the processor with the decoders."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Self, TypeAlias

from vlret.media.pool import ClipDecoded, DecodeJob
from vlret.models.base import Embedder
from vlret.models.device import n_threads, torch_threads
from vlret.types import Vectors

Batch: TypeAlias = tuple[Sequence[ClipDecoded], Vectors]
"""Clips and their vectors float32 [n, dim]."""


@dataclass(frozen=True, slots=True)
class Shares:
    """`encoders` threads that encode up to `frames` frames each at once.

    Together they hold the frames of one batch of the model. PyTorch computes in `threads` threads in each.
    """

    encoders: int
    threads: int
    frames: int


def shares_of(embedder: Embedder, n_decoders: int) -> Shares:
    """As many encoders of one thread as there are cores, where the model allows it.

    Threads inside of one encoder wait for each other, and so for the one that shares its core with a decoder. A
    model that is called from one thread alone leaves a core to each decoder, if it runs in PyTorch; OpenVINO computes
    in all cores (decision 0093).
    """
    n, size = n_threads(), embedder.batch_size
    encoders = min(n, size) if embedder.encodes_in_threads else 1
    threads = n // encoders if encoders > 1 else max(1, n - n_decoders)
    return Shares(encoders, threads, -(-size // encoders) * embedder.card.frames)


class EncoderThreads:
    """Encode what is added, in the order of adding; use it as a context manager.

    An encoder that is free takes what waits, up to a full batch: where decoding is the slower side, nothing is
    gained by waiting for more. A batch holds clips of any files.
    """

    def __init__(
        self, load: Callable[[], None], encode: Callable[[Sequence[ClipDecoded]], Vectors], shares: Shares
    ) -> None:
        self._load, self._encode, self._shares = load, encode, shares
        self._waiting: deque[ClipDecoded] = deque()
        self._changed, self._loading = threading.Condition(), threading.Lock()
        self._is_closed = False
        self._n_unfinished = 0
        self._finished: SimpleQueue[Batch | BaseException] = SimpleQueue()
        self._threads = ThreadPoolExecutor(shares.encoders, "encoder")  # cli/app.py knows them by this name

    def __enter__(self) -> Self:
        for _ in range(self._shares.encoders):
            self._threads.submit(self._work)
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._close()
        # after Ctrl-C a batch may take long to end; else only threads without work are left
        self._threads.shutdown(wait=error is None)

    def add(self, clip: ClipDecoded) -> None:
        """Let `clip` be encoded; wait while as many frames wait as all encoders take at once."""
        with self._changed:
            most = self._shares.encoders * self._shares.frames
            self._changed.wait_for(lambda: self._is_closed or sum(map(_n_frames, self._waiting)) < most)
            self._waiting.append(clip)
            self._n_unfinished += 1
            self._changed.notify_all()

    def drop(self, job: DecodeJob) -> None:
        """Forget the clips of a file that are not being encoded yet."""
        with self._changed:
            kept = [clip for clip in self._waiting if clip.job != job]
            self._n_unfinished -= len(self._waiting) - len(kept)
            self._waiting = deque(kept)

    def finished(self, wait: bool = False) -> Iterator[Batch]:
        """Yield the batches that are ready, or all (`wait`). Raises what the model raised."""
        while self._n_unfinished:
            try:
                found = self._finished.get(block=wait)
            except Empty:
                return
            if isinstance(found, BaseException):
                raise found
            self._n_unfinished -= len(found[0])
            yield found

    def _work(self) -> None:
        try:
            with self._loading:
                self._load()  # imports PyTorch, if the model runs in it
            with torch_threads(self._shares.threads):
                while batch := self._next():
                    self._finished.put((batch, self._encode(batch)))
        except BaseException as error:  # noqa: BLE001 - raised in the consumer's thread
            self._close()
            self._finished.put(error)

    def _next(self) -> list[ClipDecoded]:
        """Take a batch; empty: there will be none."""
        batch: list[ClipDecoded] = []
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            room = 0 if self._is_closed else self._shares.frames
            while self._waiting and room > 0:
                batch.append(self._waiting.popleft())
                room -= _n_frames(batch[-1])
            self._changed.notify_all()
        return batch

    def _close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


def _n_frames(clip: ClipDecoded) -> int:
    return len(clip.frames.times)
