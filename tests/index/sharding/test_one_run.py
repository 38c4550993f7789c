"""Plan, encode and merge give the index of one run: media decoded for real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.index.conftest import write_video
from tests.index.sharding.conftest import contents, starts
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.index.sharding.encode_plan import encode_plan
from vlret.index.sharding.merge import merge_shards
from vlret.index.sharding.plan import ShardPlan
from vlret.index.sharding.plan_file import read_plan, write_plan
from vlret.index.sharding.plan_shards import plan_shards

SAMPLES = Path(__file__).parents[3] / "vlret" / "assets" / "samples"


def sharded(sources, out: Path, model, clips: str, n_shards: int = 4, n_workers: int = 2) -> ShardPlan:
    """Plan, encode and merge `sources` into out / "index", all by files."""
    write_plan(plan_shards(sources, n_shards, model, clips), out / "plan.jsonl")
    plan = read_plan(out / "plan.jsonl")
    for number in range(n_workers):
        encode_plan(plan, out / "shards", (number, n_workers), model)
    merge_shards(plan, out / "shards", out / "index")
    return plan


@pytest.mark.parametrize("clips", ["window:1", "window:2:1", "auto", "whole", "meaning:0.5"])
def test_the_index_is_that_of_one_run(media, colours, tmp_path, clips):
    build_index(media, tmp_path / "one", colours, clips)
    plan = sharded(media, tmp_path, colours, clips, 5)
    assert len(plan.shards) > 2
    assert contents(tmp_path / "index") == contents(tmp_path / "one")
    n_parts = sum(part.path == "long.mp4" for shard in plan.shards for part in shard)
    assert n_parts == (3 if clips.startswith("window") else 1)
    report = build_index(media, tmp_path / "index", colours, clips)
    assert (report.new, report.unchanged, report.dropped) == (0, 6, 0)


def test_of_a_file_whose_end_is_missing_the_same_clips_are_there(tmp_path, colours):
    whole = write_video(tmp_path / "library" / "long.avi", ["red", "green", "blue", "grey"] * 10)
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) * 6 // 10])
    build_index(tmp_path / "library", tmp_path / "one", colours, "window:1")
    plan = sharded(tmp_path / "library", tmp_path, colours, "window:1")
    assert len(plan.shards) == 4
    assert contents(tmp_path / "index") == contents(tmp_path / "one")
    assert 10 < len(starts(tmp_path / "index", "long.avi")) < 40


@pytest.mark.slow
def test_the_samples_by_the_model_that_is_built_in(tmp_path):
    """Batches are others, which may change the last bits of an embedding."""
    build_index(SAMPLES, tmp_path / "one", clips="window:2")
    plan = sharded(SAMPLES, tmp_path, "vljepa-mini", "window:2", n_shards=6)
    n_cut = sum(part.end is not None for shard in plan.shards for part in shard)
    assert n_cut > 1
    one, merged = Index.open(tmp_path / "one"), Index.open(tmp_path / "index")
    rows = [index.rows().sort_values(["path", "start"]) for index in (one, merged)]
    first, second = (part.drop(columns="clip_id").astype(str).to_dict("records") for part in rows)
    assert first == second
    vectors = [
        index.vectors()[part.index.to_numpy()] for index, part in zip((one, merged), rows, strict=True)
    ]
    np.testing.assert_allclose(*vectors, atol=1e-3)
