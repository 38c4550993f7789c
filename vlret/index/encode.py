"""Decoded clips of several files to whole files of vectors, in batches across files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from vlret.media.pool import ClipDecoded, FileDone, FileFailed
from vlret.models.base import Embedder
from vlret.types import Clip, Vectors


@dataclass(frozen=True, slots=True)
class BatchEncoded:
    """`n_clips` more have their vectors."""

    n_clips: int


@dataclass(frozen=True, slots=True)
class FileEncoded:
    """A whole file: its clips, vectors float32 [n, dim] of unit length, and its duration in seconds."""

    path: Path
    clips: list[Clip]
    vectors: Vectors
    duration_s: float


@dataclass(frozen=True, slots=True)
class FileSkipped:
    """A file that has no vectors, and why."""

    path: Path
    reason: str


Encoded: TypeAlias = BatchEncoded | FileEncoded | FileSkipped
PoolEvent: TypeAlias = ClipDecoded | FileDone | FileFailed


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

    A batch holds clips of any files, so that short videos fill it too. A file is yielded when it is done
    and all of its clips have vectors; a file that fails takes its waiting clips along.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._waiting: list[ClipDecoded] = []
        self._files: dict[Path, _OpenFile] = {}

    def run(self, events: Iterable[PoolEvent]) -> Iterator[Encoded]:
        """Yield batches and files as they come about."""
        for event in events:
            if isinstance(event, FileFailed):
                yield self._fail(event.job.path, event.reason)
            elif isinstance(event, FileDone):
                self._files.setdefault(event.job.path, _OpenFile()).done = event
                yield from self._whole([event.job.path])
            else:
                self._waiting.append(event)
                if len(self._waiting) >= self._embedder.batch_size:
                    yield from self._encode()
        yield from self._encode()

    def _encode(self) -> Iterator[Encoded]:
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        vectors = self._embedder.predict(
            self._embedder.encode_pixels([event.frames.pixels for event in batch])
        )
        for event, vector in zip(batch, vectors, strict=True):
            file = self._files.setdefault(event.job.path, _OpenFile())
            file.clips.append(event.clip)
            file.vectors.append(vector)
        yield BatchEncoded(len(batch))
        yield from self._whole(list(dict.fromkeys(event.job.path for event in batch)))

    def _whole(self, paths: Sequence[Path]) -> Iterator[Encoded]:
        for path in paths:
            if self._files[path].is_whole:
                yield self._close(path, self._files.pop(path))

    def _close(self, path: Path, file: _OpenFile) -> Encoded:
        vectors = np.array(file.vectors, np.float32).reshape(len(file.clips), -1)
        norms = np.linalg.norm(vectors, axis=1)
        bad = ~np.isfinite(norms) | (norms == 0)
        if bad.any() or not file.clips:
            where = f" at {file.clips[int(bad.argmax())].start:.1f} s" if bad.any() else ""
            return FileSkipped(path, f"the model gave no vector{where}")
        duration_s = file.done.info.duration if file.done else 0.0
        return FileEncoded(path, file.clips, vectors / norms[:, None], duration_s)

    def _fail(self, path: Path, reason: str) -> FileSkipped:
        self._waiting = [event for event in self._waiting if event.job.path != path]
        self._files.pop(path, None)
        return FileSkipped(path, reason)
