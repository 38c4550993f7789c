"""Others read the files of an index without vlret."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.index.synthetic import synthetic_index, unit_rows
from vlret.index.index import Index
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.tables import SkippedRow, skipped_rows, skipped_table
from vlret.index.writer import IndexWriter


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return synthetic_index(tmp_path / "index", unit_rows(7, 8))


def test_pandas_reads_shards_plainly(index: Index) -> None:
    rows = pd.concat(pd.read_parquet(path) for path in sorted((index.folder / "shards").iterdir()))
    assert list(rows.columns) == [
        "clip_id", "root", "path", "start", "end", "fingerprint", "size", "mtime_ns",
        "duration_s", "width", "height", "codec", "fps", "taken", "vector",
    ]  # fmt: skip
    vectors = np.stack(rows["vector"])
    assert vectors.dtype == np.float16
    np.testing.assert_allclose(vectors.astype(np.float32), index.vectors(), atol=1e-3)


def test_duckdb_reads_shards_plainly(index: Index) -> None:
    duckdb = pytest.importorskip("duckdb")
    shards = index.folder / "shards" / "*.parquet"
    query = [float(x) for x in index.vectors()[4]]
    ((best,),) = duckdb.sql(
        f"SELECT clip_id FROM '{shards}' ORDER BY list_dot_product(vector::FLOAT[], {query}::FLOAT[]) DESC LIMIT 1"
    ).fetchall()
    assert best == 4


def test_the_snippet_of_the_docs_reads_live_rows(index: Index, tmp_path: Path) -> None:
    writer = IndexWriter(Snapshot.read(Store(index.folder)), index.manifest.roots)
    writer.drop(np.array([2, 3]))
    writer.commit()
    docs = (Path(__file__).parents[2] / "docs" / "index-format.md").read_text()
    snippets = re.findall(r"```python\n(.*?)```", docs, re.DOTALL)
    snippet = next(text for text in snippets if "vectors = " in text)
    assert "indexes/videos" in snippet
    snippet = snippet.replace("indexes/videos", str(index.folder))
    names: dict[str, object] = {}
    exec(snippet, names)
    assert names["rows"]["clip_id"].tolist() == [0, 1, 4, 5, 6]
    np.testing.assert_allclose(names["vectors"], Index.open(index.folder).vectors(), atol=1e-6)


def test_the_manifest_names_every_parquet_file(index: Index) -> None:
    manifest = json.loads((index.folder / "manifest.json").read_text())
    on_disk = {path.relative_to(index.folder).as_posix() for path in index.folder.rglob("*.parquet")}
    assert {entry["name"] for entry in manifest["shards"]} == on_disk


def test_skipped_rows_survive_the_table() -> None:
    rows = [SkippedRow(0, "a.mp4", 5, 10**18, "ends early"), SkippedRow(-1, "/x/é.mp4", -1, -1, "hidden")]
    assert skipped_rows(skipped_table(rows)) == rows
    assert skipped_rows(skipped_table([])) == []
