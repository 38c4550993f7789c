"""An index from a stranger is served, or refused, and tells nothing that it should not."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.server.conftest import search


def with_column(index: Path, folder: Path, name: str, values: list[Any]) -> Path:
    """A copy of an index in `folder` with other values in one column of its only shard."""
    shutil.copytree(index, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (shard,) = manifest["shards"]
    table = pq.ParquetFile(folder / shard["name"]).read()
    place = table.schema.get_field_index(name)
    field = table.schema.field(place)
    pq.write_table(table.set_column(place, field, pa.array(values, field.type)), folder / shard["name"])
    data = (folder / shard["name"]).read_bytes()
    shard |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_path_may_be_written_in_another_way(start, index, tmp_path):
    paths = [f"sub/.//{n}.mp4" for n in range(5)]
    client = start(indexes=(with_column(index, tmp_path / "odd", "path", paths),))
    (hit,) = search(client, query="red", k=1)["hits"]
    assert hit["name"] == "2.mp4"
