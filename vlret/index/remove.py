"""Removes files from an index; the files themselves are not touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vlret.errors import IndexFolderError
from vlret.index.indexed_files import indexed_files
from vlret.index.lock import writer_lock
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.writer import IndexWriter
from vlret.text import printable


@dataclass(frozen=True, slots=True)
class Removed:
    """How many files and clips were removed from the index in `index`."""

    index: Path
    files: int
    clips: int

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON values, paths as `Path`."""
        return asdict(self)


def remove_files(index: str | Path, paths: Sequence[Path]) -> Removed:
    """Drop the clips of the files at `paths` (absolute), and of all files in the folders among them.

    They need not be there any more. A later index run over them would add them again.

    Raises:
        IndexFolderError: the index has nothing of one of the paths, or a writer is at work.
    """
    store = Store(Path(index))
    Snapshot.read(store)  # an error where there is no index
    with writer_lock(store.folder):
        snapshot = Snapshot.read(store)
        indexed, skipped = indexed_files(snapshot), snapshot.skipped
        places = [snapshot.absolute(row.root, row.path) for row in skipped]
        for path in paths:
            if not any(place.is_relative_to(path) for place in (*(file.path for file in indexed), *places)):
                raise IndexFolderError(
                    f"The index {printable(store.folder)} contains nothing of {printable(path)}.",
                    "`vlret info` shows the directories of its files.",
                    code="not_in_index",
                    path=path,
                    index=store.folder,
                )
        files = [file for file in indexed if any(file.path.is_relative_to(path) for path in paths)]
        writer = IndexWriter(snapshot, snapshot.manifest.roots)
        for file in files:
            writer.drop(file.ids)
        for row, place in zip(skipped, places, strict=True):
            if any(place.is_relative_to(path) for path in paths):
                writer.forget(row)
        writer.commit()
        return Removed(store.folder, len(files), writer.n_dropped)
