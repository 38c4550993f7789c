"""Where the embeddings of clips come from, file by file: an index, or media that are decoded now."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vlret.models.base import Embedder
from vlret.types import SkippedFile, Vectors


@dataclass(frozen=True, slots=True)
class FileClips:
    """The clips of one file: `starts_s` and `ends_s` float64 [n], `vectors` float32 [n, dim] of unit length.

    `warning` describes damage that left good frames.
    """

    path: str
    starts_s: NDArray[np.float64]
    ends_s: NDArray[np.float64]
    vectors: Vectors
    warning: str | None = None


class ClipSource(ABC):
    """Files and their clips.

    Attributes:
        model: what made, or makes, the embeddings.
        roots: the files by their paths, each with the directory that the user named.
        skipped: files that are not read, and why.
    """

    model: Embedder
    roots: dict[str, str]
    skipped: list[SkippedFile]

    @abstractmethod
    def clips(self, paths: Collection[str], progress: bool = True) -> Iterator[FileClips | SkippedFile]:
        """Yield the clips of each of these files, or why it cannot be read."""

    @abstractmethod
    def state(self, path: str) -> str:
        """Return a text that is another one when the embeddings of a file would be others."""

    def relative(self, path: str) -> str:
        """Return the path of a file below the directory that all of them share."""
        return os.path.relpath(path, self._shared)

    @cached_property
    def _shared(self) -> str:
        return os.path.commonpath(set(self.roots.values()))
