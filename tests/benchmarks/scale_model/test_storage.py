"""Bytes on paper are those of files that vlret writes."""

from __future__ import annotations

import json

from benchmarks.scale_model.storage import Library, column_bytes, vector_bytes, view_bytes
from tests.evaluation.standalone.scale.made import DIM, drawn, recipe
from vlret.evaluation.standalone.scale import drawn_index
from vlret.index.index import Index
from vlret.index.store import Store
from vlret.index.view.codes import all_codes
from vlret.index.view.open import vector_file


def test_columns_and_view_of_an_index(tmp_path):
    library = Library(5000, dim=DIM)
    drawn_index.extend(Store(tmp_path), recipe(), drawn(), library.clips)
    Index.open(tmp_path).backend.info()
    (columns,), (view,) = (list((tmp_path / "view").glob(f"*.{kind}")) for kind in ("columns", "faiss"))
    data = columns.read_bytes()
    header = 8 + int.from_bytes(data[:8], "little")
    assert len(data) - header == column_bytes(library) - library.files / 2  # vp9, av1
    assert json.loads(data[8:header])["codec.bytes"]["shape"] == [3.5 * library.files]
    codes = all_codes(DIM)[0]
    assert 0 < view.stat().st_size - view_bytes(library, codes) < 200  # what FAISS says of itself
    assert vector_bytes(library, codes) == 0


def test_vectors_beside_codes(tmp_path):
    library, store = Library(13_000, dim=DIM), Store(tmp_path)
    drawn_index.extend(store, recipe(), drawn(), library.clips)
    manifest = store.read_manifest().next(search_memory=100_000)
    store.commit(manifest)
    Index.open(tmp_path).backend.info()
    (entry,) = manifest.shards
    n_bytes = (tmp_path / "view" / vector_file(entry)).stat().st_size
    assert n_bytes - 4 == vector_bytes(library, all_codes(DIM)[-1])


def test_hours():
    assert Library(720).hours == 1
    assert Library(7200, file_clips=720).files == 10
