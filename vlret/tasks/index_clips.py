"""The stored clips of an index."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator

import numpy as np
from tqdm import tqdm

from vlret.index.index import Index
from vlret.index.windows import Windows
from vlret.models.base import Embedder
from vlret.tasks.clip_source import ClipSource, FileClips
from vlret.types import Ids


class IndexClips(ClipSource):
    """Nothing is decoded, and the media files need not be there."""

    def __init__(self, index: Index, model: Embedder, selective: bool = False) -> None:
        self.model, self.selective, self.skipped = model, selective, []
        rows = index.rows()
        self.roots = dict(zip(rows["path"], rows["root"], strict=True))
        self._starts, self._ends = rows["start"].to_numpy(), rows["end"].to_numpy()
        self._places: dict[str, Ids] = {}
        for path, found in rows.groupby("path", sort=False).indices.items():
            places = np.asarray(found)
            self._places[str(path)] = places[self._starts[places].argsort(kind="stable")]
        self._index = index

    def _read(self, paths: Collection[str], progress: bool) -> Iterator[FileClips]:
        n_clips = sum(len(self._places[path]) for path in paths)
        with tqdm(total=n_clips, desc="clips", unit="clip", disable=None if progress else True) as bar:
            for path in paths:
                yield FileClips(path, self._clips(path))
                bar.update(len(self._places[path]))

    def _state(self, path: str) -> str:
        clips = self._clips(path)
        parts = (clips.starts_s, clips.ends_s, clips.vectors)
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()

    def _clips(self, path: str) -> Windows:
        places = self._places[path]
        starts, ends = self._starts[places], self._ends[places]
        return Windows(starts, ends, self._index.vectors()[places], float(ends.max()))
