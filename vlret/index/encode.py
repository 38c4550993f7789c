"""Decoded clips of several files to whole files of vectors, in batches across files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from vlret.media.info import MediaInfo
from vlret.media.pool import ClipDecoded, DecodeJob, Event, FileDone, FileFailed
from vlret.models.base import Embedder
from vlret.models.device import spare_cores
from vlret.types import Clip, Tokens, Vectors
from vlret.vectors import first_invalid_row, unit_rows

EncodeClips: TypeAlias = Callable[[Sequence[ClipDecoded]], list[Tokens]]
"""Decoded clips to their visual tokens, one array each."""


@dataclass(frozen=True, slots=True)
class BatchEncoded:
    """`n_clips` more have their vectors."""

    n_clips: int


@dataclass(frozen=True, slots=True)
class FileEncoded:
    """A whole file (or what its job asks of it): clips, vectors float32 [n, dim] of unit length, duration in s.

    `warning` describes damage that left good frames; `fingerprint` is that of the file, where it was taken; `info`
    is what is known about the file.
    """

    job: DecodeJob
    clips: list[Clip]
    vectors: Vectors
    duration_s: float
    warning: str | None
    fingerprint: str = ""
    info: MediaInfo | None = None


Encoded: TypeAlias = BatchEncoded | FileEncoded | FileFailed


@dataclass(slots=True)
class _OpenFile:
    clips: list[Clip] = field(default_factory=list)
    vectors: list[Vectors] = field(default_factory=list)
    done: FileDone | None = None

    @property
    def is_whole(self) -> bool:
        return self.done is not None and len(self.vectors) == self.done.n_clips


class Encoder:
    """Runs an embedder over what a decode pool yields.

    A batch holds clips of any files, so that short videos fill it too, and is encoded in a thread while the
    next one is decoded. A file is yielded when all of its clips have vectors; one that fails takes its
    clips along. `encode_clips` replaces the embedder's own way from pixels to tokens.
    """

    def __init__(self, embedder: Embedder, n_decoders: int, encode_clips: EncodeClips | None = None) -> None:
        self._embedder, self._n_decoders = embedder, n_decoders
        self._encode_clips = encode_clips or self._encode_each
        self._waiting: list[ClipDecoded] = []
        self._files: dict[DecodeJob, _OpenFile] = {}
        self._batch: list[ClipDecoded] = []
        self._result: Future[Vectors] | None = None

    def run(self, events: Iterable[Event]) -> Generator[Encoded]:
        """Yield batches and files as they come about."""
        thread = ThreadPoolExecutor(1, "encoder")  # cli/app.py knows it by this name
        try:
            thread.submit(self._embedder.load)  # while the first clips are decoded
            for event in events:
                yield from self._take(event)
                if len(self._waiting) >= self._embedder.batch_size or (self._waiting and self._is_idle):
                    yield from self._finish_batch()
                    self._start_batch(thread)
            yield from self._finish_batch()
            self._start_batch(thread)
            yield from self._finish_batch()
        finally:
            thread.shutdown(wait=False, cancel_futures=True)  # after Ctrl-C a batch may take long to end

    @property
    def _is_idle(self) -> bool:
        """Nothing is being encoded: decoding is the slower side, and a full batch is not worth waiting for."""
        return self._result is None or self._result.done()

    def _take(self, event: Event) -> Iterator[Encoded]:
        job = event.job
        if isinstance(event, FileFailed):
            self._waiting = [clip for clip in self._waiting if clip.job != job]
            self._files.pop(job, None)
            yield event
        elif isinstance(event, ClipDecoded):
            self._files.setdefault(job, _OpenFile())
            self._waiting.append(event)
        else:
            self._files.setdefault(job, _OpenFile()).done = event
            yield from self._whole(job)

    def _start_batch(self, thread: ThreadPoolExecutor) -> None:
        self._batch, self._waiting = self._waiting, []
        if self._batch:
            self._result = thread.submit(self._encode, self._batch)

    def _encode(self, clips: Sequence[ClipDecoded]) -> Vectors:
        with spare_cores(self._n_decoders):
            return self._embedder.predict(self._encode_clips(clips))

    def _encode_each(self, clips: Sequence[ClipDecoded]) -> list[Tokens]:
        return self._embedder.encode_pixels([clip.frames.pixels for clip in clips])

    def _finish_batch(self) -> Iterator[Encoded]:
        if self._result is None:
            return
        vectors, self._result = self._result.result(), None
        for event, vector in zip(self._batch, vectors, strict=True):
            file = self._files.get(event.job)
            if file is not None:  # else the file failed meanwhile
                file.clips.append(event.clip)
                file.vectors.append(vector)
        yield BatchEncoded(len(self._batch))
        for job in dict.fromkeys(event.job for event in self._batch):
            yield from self._whole(job)

    def _whole(self, job: DecodeJob) -> Iterator[Encoded]:
        if job in self._files and self._files[job].is_whole:
            yield _closed(job, self._files.pop(job))


def _closed(job: DecodeJob, file: _OpenFile) -> FileEncoded | FileFailed:
    """The file with unit vectors, or a failed one: a zero or NaN vector would spoil every search."""
    if file.done is None or not file.clips:
        return FileFailed(job, "holds no clips")
    vectors = np.stack(file.vectors).astype(np.float32)
    invalid = first_invalid_row(vectors)
    if invalid is not None:
        return FileFailed(job, f"the model gave no vector at {file.clips[invalid].start:.1f} s")
    info = file.done.info
    return FileEncoded(job, file.clips, unit_rows(vectors), info.duration, file.done.warning, info=info)
