"""A long file in several shards, decoded for real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from vlret.index.encode_shard import FilePart, ShardMarker, ShardSpec, encode_shard
from vlret.index.requested_recipe import RequestedRecipe


def rows(out: Path, marker: ShardMarker) -> pd.DataFrame:
    return pq.read_table(out / marker.table.name).to_pandas()


def test_parts_of_a_long_file_give_its_rows_together(tmp_path):
    video = write_video(tmp_path / "long.mp4", ["red", "green", "blue", "grey", "red", "blue"])
    model = ColourEmbedder()
    recipe = RequestedRecipe(model, "window:1", None, "midpoint", "auto", "auto", "auto").recipe(model)
    bounds = [(0.0, 2.0), (2.0, 4.5), (4.5, float("inf"))]
    whole = ShardSpec("whole", (FilePart(video),), recipe)
    parts = [ShardSpec(f"part{n}", (FilePart(video, *bound),), recipe) for n, bound in enumerate(bounds)]
    together = ShardSpec("together", tuple(FilePart(video, *bound) for bound in bounds), recipe)
    expected = rows(tmp_path, encode_shard(whole, tmp_path, model))
    markers = [encode_shard(part, tmp_path, model) for part in parts]
    assert [marker.table.rows for marker in markers] == [2, 3, 1]
    for found in (
        pd.concat([rows(tmp_path, marker) for marker in markers], ignore_index=True),
        rows(tmp_path, encode_shard(together, tmp_path, model, workers=2)),
    ):
        pd.testing.assert_frame_equal(found.drop(columns="vector"), expected.drop(columns="vector"))
        np.testing.assert_array_equal(np.stack(found["vector"]), np.stack(expected["vector"]))


def test_an_image_belongs_to_the_part_from_0(tmp_path):
    model, image = ColourEmbedder(), write_image(tmp_path / "red.png", "red")
    recipe = RequestedRecipe(model, "auto", None, "midpoint", "auto", "auto", "auto").recipe(model)
    spec = ShardSpec("image", (FilePart(image, 0.0, 1.0), FilePart(image, 1.0)), recipe)
    marker = encode_shard(spec, tmp_path, model)
    assert [(part.rows, part.reason) for part in marker.parts] == [(1, ""), (0, "holds no clips")]
