"""The stored clips of an index."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator

import numpy as np
from tqdm import tqdm

from vlret.index.index import Index
from vlret.index.tables import Ids
from vlret.models.base import Embedder
from vlret.tasks.clip_source import ClipSource, FileClips


class IndexClips(ClipSource):
    """Nothing is decoded, and the files need not be there."""

    def __init__(self, index: Index, model: Embedder) -> None:
        self.model, self.skipped = model, []
        rows = index.rows()
        self.roots = dict(zip(rows["path"], rows["root"], strict=True))
        self._starts, self._ends = rows["start"].to_numpy(), rows["end"].to_numpy()
        self._places: dict[str, Ids] = {}
        for path, found in rows.groupby("path", sort=False).indices.items():
            places = np.asarray(found)
            self._places[str(path)] = places[self._starts[places].argsort(kind="stable")]
        self._index = index

    def clips(self, paths: Collection[str], progress: bool = True) -> Iterator[FileClips]:
        """Yield the clips of each of these files in order of time."""
        n_clips = sum(len(self._places[path]) for path in paths)
        with tqdm(total=n_clips, desc="clips", unit="clip", disable=None if progress else True) as bar:
            for path in paths:
                yield self._file(path)
                bar.update(len(self._places[path]))

    def state(self, path: str) -> str:
        """The hash of the file's clips."""
        file = self._file(path)
        parts = (file.starts_s, file.ends_s, file.vectors)
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()

    def _file(self, path: str) -> FileClips:
        places = self._places[path]
        return FileClips(path, self._starts[places], self._ends[places], self._index.vectors()[places])
