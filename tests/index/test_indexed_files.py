"""The files of an index, from the rows of its clips."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from tests.evaluation.standalone.scale.made import drawn, recipe
from vlret.evaluation.standalone.scale import drawn_index
from vlret.index.indexed_files import indexed_files
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.tables import CLIPS, FileRow
from vlret.index.unique_files import unique_files


def test_files_of_clips_in_mixed_order(tmp_path):
    """The clips of a file need not follow each other; what its first row says counts."""
    drawn_index.extend(Store(tmp_path), recipe(), drawn(), 500)
    snapshot = Snapshot.read(Store(tmp_path))
    rows = snapshot.table.slice(0, 4).to_pylist()
    for row, (path, size) in zip(rows, (("b", 2), ("a", 1), ("b", 3), ("a", 1)), strict=True):
        row.update(path=path, size=size, mtime_ns=size, fingerprint=path)
    object.__setattr__(snapshot, "table", pa.Table.from_pylist(rows, CLIPS))
    files = indexed_files(snapshot)
    root = Path(snapshot.manifest.roots[0])
    assert [(file.path, file.file, file.fingerprint, file.ids) for file in files] == [
        (root / "b", FileRow(0, "b", 2, 2), "b", [0, 2]),
        (root / "a", FileRow(0, "a", 1, 1), "a", [1, 3]),
    ]


def test_an_index_without_clips_has_no_files(tmp_path):
    store = Store(tmp_path)
    drawn_index.extend(store, recipe(), drawn(), 0)
    assert indexed_files(Snapshot.read(store)) == []


def test_the_same_path_below_two_roots_is_two_files():
    table = pa.table({"root": pa.array([0, 1, 0], pa.int32()), "path": ["a", "a", "a"], "n": [5, 6, 7]})
    files, numbers = unique_files(table)
    assert files["n"].to_pylist() == [5, 6]
    assert numbers.tolist() == [0, 1, 0]
