"""Decoded clips of several files to whole files of vectors, in batches across files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from vlret.index.encoder_threads import Batch, EncoderThreads, shares_of
from vlret.media.info import MediaInfo
from vlret.media.pool import ClipDecoded, DecodeJob, Event, FileDone, FileFailed
from vlret.models.base import Embedder
from vlret.types import Clip, Tokens, Vectors
from vlret.vectors import first_invalid_row, unit_rows

NO_CLIPS = "holds no clips"
"""The reason why a file failed of which a job asked for seconds in which no clip starts."""
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
    vectors: dict[Clip, Vectors] = field(default_factory=dict)
    done: FileDone | None = None

    @property
    def is_whole(self) -> bool:
        return self.done is not None and len(self.vectors) == self.done.n_clips


class Encoder:
    """Runs an embedder over what a decode pool yields, in threads beside it (`encoder_threads`).

    A file is yielded when all of its clips have vectors; one that fails takes its clips along. `encode_clips`
    replaces the embedder's own way from pixels to tokens, and is called from as many threads as that.
    """

    def __init__(self, embedder: Embedder, n_decoders: int, encode_clips: EncodeClips | None = None) -> None:
        self._embedder, self._n_decoders = embedder, n_decoders
        self._encode_clips = encode_clips or self._encode_each
        self._files: dict[DecodeJob, _OpenFile] = {}

    def run(self, events: Iterable[Event]) -> Generator[Encoded]:
        """Yield batches and files as they come about."""
        shares = shares_of(self._embedder, self._n_decoders)
        with EncoderThreads(self._embedder.load, self._encode, shares) as threads:
            for event in events:
                yield from self._take(event, threads)
                yield from self._finish(threads.finished())
            yield from self._finish(threads.finished(wait=True))

    def _take(self, event: Event, threads: EncoderThreads) -> Iterator[Encoded]:
        job = event.job
        if isinstance(event, FileFailed):
            threads.drop(job)
            self._files.pop(job, None)
            yield event
        elif isinstance(event, ClipDecoded):
            self._files.setdefault(job, _OpenFile()).clips.append(event.clip)
            threads.add(event)
        else:
            self._files.setdefault(job, _OpenFile()).done = event
            yield from self._whole(job)

    def _finish(self, batches: Iterable[Batch]) -> Iterator[Encoded]:
        for clips, vectors in batches:
            for event, vector in zip(clips, vectors, strict=True):
                if event.job in self._files:  # else the file failed meanwhile
                    self._files[event.job].vectors[event.clip] = vector
            yield BatchEncoded(len(clips))
            for job in dict.fromkeys(event.job for event in clips):
                yield from self._whole(job)

    def _whole(self, job: DecodeJob) -> Iterator[Encoded]:
        if job in self._files and self._files[job].is_whole:
            yield _closed(job, self._files.pop(job))

    def _encode(self, clips: Sequence[ClipDecoded]) -> Vectors:
        return self._embedder.predict(self._encode_clips(clips))

    def _encode_each(self, clips: Sequence[ClipDecoded]) -> list[Tokens]:
        return self._embedder.encode_pixels([clip.frames.pixels for clip in clips])


def _closed(job: DecodeJob, file: _OpenFile) -> FileEncoded | FileFailed:
    """The file with unit vectors, or a failed one: a zero or NaN vector would spoil every search."""
    if file.done is None or not file.clips:
        return FileFailed(job, NO_CLIPS)
    vectors = np.stack([file.vectors[clip] for clip in file.clips]).astype(np.float32)
    invalid = first_invalid_row(vectors)
    if invalid is not None:
        return FileFailed(job, f"the model gave no vector at {file.clips[invalid].start:.1f} s")
    info = file.done.info
    return FileEncoded(job, file.clips, unit_rows(vectors), info.duration, file.done.warning, info=info)
