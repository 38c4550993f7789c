"""The media files of an index by id: what a browser may ask for, and no path beside them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from vlret.index.index import Index
from vlret.server.request_error import RequestError


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file of an index.

    `duration` is in seconds, 0 for an image; where the index does not know it, up to the end of the last clip.
    `taken` is the capture time, `2024-07-31T12:00:00`, where it is known.
    """

    media_id: str
    path: Path
    duration: float
    taken: str | None
    n_clips: int

    @property
    def is_image(self) -> bool:
        """Whether it is a still image."""
        return self.duration == 0


class MediaFiles:
    """The files of one revision of an index, and the clips of each."""

    def __init__(self, index: Index) -> None:
        rows = index.rows()
        first = rows.drop_duplicates("path").sort_values("path")
        ends, counts = (rows.groupby("path")["end"].agg(what).tolist() for what in ("max", "size"))
        durations = first["duration_s"].fillna(pd.Series(ends, first.index)).tolist()
        taken = (
            first["taken"].dt.strftime("%Y-%m-%dT%H:%M:%S").astype(object).where(first["taken"].notna(), None)
        )
        columns = (first[name].tolist() for name in ("root", "relative_path", "path"))
        files = [
            MediaFile(_media_id(root, relative), Path(path), duration if end else 0.0, when, n)
            for root, relative, path, end, duration, when, n in zip(
                *columns, ends, durations, taken.tolist(), counts, strict=True
            )
        ]
        self._by_id = {file.media_id: file for file in files}
        self._by_path = {str(file.path): file for file in files}

    def __len__(self) -> int:
        return len(self._by_id)

    def all(self) -> list[MediaFile]:
        """All files in order of their paths."""
        return list(self._by_id.values())

    def by_id(self, media_id: str) -> MediaFile:
        """The file of that id.

        Raises:
            RequestError: there is none.
        """
        if media_id not in self._by_id:
            raise RequestError(
                "The index has no such media file.", "Search again.", status=404, code="no_such_media"
            )
        return self._by_id[media_id]

    def of_path(self, path: str | Path) -> MediaFile:
        """The file at `path`, as the index's rows have it."""
        return self._by_path[str(Path(path))]  # an index of others may say a/./b.mp4


def _media_id(root: str, relative_path: str) -> str:
    return hashlib.blake2b(f"{root}\0{relative_path}".encode(), digest_size=8).hexdigest()
