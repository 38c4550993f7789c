"""Where the embeddings of clips come from, file by file: an index, or media that are decoded now."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from vlret.index.windows import Windows
from vlret.models.base import Embedder
from vlret.segmentation.spans import THRESHOLD
from vlret.tasks.segment import cut
from vlret.types import SkippedFile


@dataclass(frozen=True, slots=True)
class FileClips:
    """A file and its clips in order of time."""

    path: str
    clips: Windows


class ClipSource(ABC):
    """Files and their clips.

    Attributes:
        model: what made, or makes, the embeddings.
        selective: whether neighbouring clips that are alike become one, with the embedding at its middle.
        roots: the files by their paths, each with the directory that the user named.
        skipped: files that are not read, and why.
    """

    model: Embedder
    selective: bool
    roots: dict[str, str]
    skipped: list[SkippedFile]

    def read(self, paths: Collection[str], progress: bool = True) -> Iterator[FileClips | SkippedFile]:
        """Yield the clips of each of these files, or why it cannot be read."""
        for file in self._read(paths, progress):
            yield _segments(file) if self.selective and isinstance(file, FileClips) else file

    def state(self, path: str) -> str:
        """Return a text that is another one when the clips of a file would be others."""
        return repr((self._state(path), THRESHOLD if self.selective else None))

    def relative(self, path: str) -> str:
        """Return the path of a file below the directory that all of them share."""
        return os.path.relpath(path, self._shared)

    @cached_property
    def _shared(self) -> str:
        return os.path.commonpath(set(self.roots.values()))

    @abstractmethod
    def _read(self, paths: Collection[str], progress: bool) -> Iterator[FileClips | SkippedFile]: ...

    @abstractmethod
    def _state(self, path: str) -> str: ...


def _segments(file: FileClips) -> FileClips:
    found = cut(file.path, file.clips)
    starts, ends = np.array([(part.start, part.end) for part in found], np.float64).T
    vectors = np.stack([part.vector for part in found])
    return FileClips(file.path, replace(file.clips, starts_s=starts, ends_s=ends, vectors=vectors))
