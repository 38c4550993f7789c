"""Bytes of an index, by arithmetic of its formats; how well shards are compressed is measured."""

from __future__ import annotations

from dataclasses import dataclass

from vlret.index.view.codes import Codes

_CLIP_BYTES = 8 + 4 + 8 + 8 + 4
"""Columns: clip_id, file, start, end, by_file."""
_FILE_BYTES = 4 + 3 * 8 + 2 * 4 + 2 * 8 + 4 + 8 + 6 + 3 * 8 + 32 + 4
"""Columns: root; size, mtime, duration; width, height; fps, taken; same_bytes; by_file.end; six `known`; the ends of
three texts; a fingerprint; a codec. The path comes to it."""
_ID_BYTES = 8
MEASURED_DIM = 384
"""That of vljepa-mini, with which shards were measured."""


@dataclass(frozen=True, slots=True)
class Library:
    """A library of `clips` clips.

    Attributes:
        dim: numbers of a vector.
        clip_s: seconds from one clip to the next.
        file_clips: clips of a file on average.
        path_bytes: of a path below its root on average.
    """

    clips: int
    dim: int = MEASURED_DIM
    clip_s: float = 5.0
    file_clips: float = 10.0
    path_bytes: float = 34.0

    @property
    def hours(self) -> float:
        """Hours of video."""
        return self.clips * self.clip_s / 3600

    @property
    def files(self) -> float:
        """How many files it has."""
        return self.clips / self.file_clips


def column_bytes(library: Library) -> float:
    """The columns of a view, which each process maps."""
    return library.clips * _CLIP_BYTES + library.files * (_FILE_BYTES + library.path_bytes)


def view_bytes(library: Library, codes: Codes) -> float:
    """The FAISS file of a view, all of which is read or searched in memory."""
    return codes.memory(library.clips, library.dim)


def vector_bytes(library: Library, codes: Codes) -> float:
    """The mapped float16 vectors beside codes whose hits are compared again; of memory they need little."""
    return library.clips * (_ID_BYTES + 2 * library.dim) if codes.is_reranked else 0.0
