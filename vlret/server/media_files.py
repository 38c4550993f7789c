"""The media files of an index by id: what a browser may ask for, and no path beside them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from vlret.index.index import Index
from vlret.remote_path import RemotePath, path_of
from vlret.server.request_error import RequestError
from vlret.types import Ids


@dataclass(frozen=True, slots=True, eq=False)
class MediaFile:
    """A file of an index.

    `duration` is in seconds, 0 for an image; where the index does not know it, up to the end of the last clip.
    `taken` is the capture time, `2024-07-31T12:00:00`, where it is known; `clips` are the positions of its clips in the
    index's columns.
    """

    media_id: str
    path: Path
    duration: float
    taken: str | None
    clips: Ids

    @property
    def n_clips(self) -> int:
        """How many clips of it the index has."""
        return len(self.clips)

    @property
    def is_image(self) -> bool:
        """Whether it is a still image."""
        return self.duration == 0


def require_here(path: Path) -> None:
    """Raise `RequestError` for a file at an address: requests of anybody are no reason to fetch whole files."""
    if isinstance(path, RemotePath):
        raise RequestError(
            f"{path.name} is in an object store: the service shows nothing of it.",
            "Copy it to the machine of the service and index it there.",
            status=404,
            code="file_at_address",
        )


class MediaFiles:
    """The files of one revision of an index, and the clips of each."""

    def __init__(self, index: Index) -> None:
        self._index, self._columns = index, index.columns

    def __len__(self) -> int:
        return self._index.n_files

    def named(self, text: str) -> list[int]:
        """The numbers of the files whose names contain `text`, in any case, in order of their paths."""
        paths, text = self._index.file_paths, text.lower()
        found = (number for number, path in enumerate(paths) if text in os.path.basename(path).lower())
        return sorted(found, key=paths.__getitem__)

    def of_number(self, number: int) -> MediaFile:
        """The file of that number in the index's columns."""
        columns, arrays = self._columns, self._columns.arrays
        clips = columns.clips_of(number)
        end = float(columns.ends[clips].max())
        known = float(arrays["duration_s"][number]) if arrays["duration_s.known"][number] else end
        taken = None
        if arrays["taken.known"][number]:
            taken = str(np.datetime_as_string(arrays["taken"][number].astype("datetime64[us]"), unit="s"))
        path = path_of(columns.absolute([number], self._index.manifest.roots)[0])
        return MediaFile(self._id(number), path, known if end else 0.0, taken, clips)

    def by_id(self, media_id: str) -> MediaFile:
        """The file of that id.

        Raises:
            RequestError: there is none.
        """
        if media_id not in self._numbers:
            raise RequestError(
                "The index has no such media file.", "Search again.", status=404, code="no_such_media"
            )
        return self.of_number(self._numbers[media_id])

    def of_clip(self, clip_id: int) -> MediaFile:
        """The file of a clip.

        Raises:
            UsageError: the index has no such clip.
        """
        return self.of_number(self._index.file_of(clip_id))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {self._id(number): number for number in range(self._columns.n_files)}

    def _id(self, number: int) -> str:
        root = self._index.manifest.roots[self._columns.roots[number]]
        text = f"{root}\0{self._columns.path(number)}"
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
