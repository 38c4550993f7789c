"""Removes files from an index; the files themselves are not touched."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from vlret.errors import IndexFolderError
from vlret.index.indexed_files import indexed_files
from vlret.index.lock import writer_lock
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.writer import IndexWriter
from vlret.media.sources import typed_path
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


def remove_files(index: str | Path, paths: Sequence[str | Path]) -> Removed:
    """Drop the clips of the files at `paths`, of all files in the folders among them, and of those a pattern matches.

    They need not be there any more. A pattern (`*`, `?`, `[...]`) is one for the whole path, or for the path below
    the folder that was indexed, as that of a `Filter`. A later index run over the files would add them again.

    Raises:
        IndexFolderError: the index has nothing of one of the paths, in which case nothing is removed; or a writer
            is at work.
    """
    store = Store(Path(index))
    store.read_manifest()  # an error where there is no index
    with writer_lock(store.folder):
        snapshot = Snapshot.read(store)
        files = [(file, file.path, file.file.path) for file in indexed_files(snapshot)]
        skipped = [(row, snapshot.absolute(row.root, row.path), row.path) for row in snapshot.skipped]
        places = [(path, relative) for _, path, relative in (*files, *skipped)]
        unwanted = {path for given in paths for path in _matches(given, places, store)}
        writer = IndexWriter(snapshot, snapshot.manifest.roots)
        removed = [file for file, path, _ in files if path in unwanted]
        for file in removed:
            writer.drop(file.ids)
        for row, path, _ in skipped:
            if path in unwanted:
                writer.forget(row)
        writer.commit()
        return Removed(store.folder, len(removed), writer.n_dropped)


def _matches(given: str | Path, places: Sequence[tuple[Path, str]], store: Store) -> list[Path]:
    """The files of the index that `given` names: itself, what is in it, or what it matches."""
    path = typed_path(given)
    found = [place for place, _ in places if place.is_relative_to(path)]
    if not found and glob.has_magic(str(given)):
        found = [place for place, relative in places if _fits(place, relative, str(given), str(path))]
    if not found:
        raise IndexFolderError(
            f"The index {printable(store.folder)} contains nothing of {printable(path)}.",
            "`vlret info` shows the directories of its files.",
            code="not_in_index",
            path=path,
            index=store.folder,
        )
    return found


def _fits(path: Path, relative: str, pattern: str, absolute: str) -> bool:
    return (
        fnmatchcase(path.as_posix(), pattern)
        or fnmatchcase(path.as_posix(), absolute)
        or fnmatchcase(relative, pattern)
    )
