"""Plan, encode and merge give the index of one run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_video
from tests.index.sharding.conftest import contents, starts
from vlret.errors import IndexFolderError
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.index.sharding.encode_plan import encode_plan
from vlret.index.sharding.merge import merge_shards
from vlret.index.sharding.plan import ShardPlan
from vlret.index.sharding.plan_file import read_plan, write_plan
from vlret.index.sharding.plan_shards import plan_shards

RULE = "window:1"


def sharded(sources, out: Path, model, n_shards: int = 7, clips: str = RULE, **options) -> ShardPlan:
    """Plan, encode and merge `sources` into out / "index", all by files."""
    write_plan(plan_shards(sources, n_shards, model, clips, **options), out / "plan.jsonl")
    plan = read_plan(out / "plan.jsonl")
    for number in range(3):
        encode_plan(plan, out / "shards", (number, 3), model)
    merge_shards(plan, out / "shards", out / "index")
    return plan


@pytest.mark.parametrize("clips", [RULE, "window:2:1", "auto", "whole", "meaning:0.5"])
def test_the_index_is_that_of_one_run(media, model, tmp_path, clips):
    build_index(media, tmp_path / "one", model, clips)
    plan = sharded(media, tmp_path, model, clips=clips)
    assert len(plan.shards) > 3
    assert contents(tmp_path / "index") == contents(tmp_path / "one")
    n_cut = sum(part.path == "long.mp4" for shard in plan.shards for part in shard)
    assert n_cut >= 3 if clips.startswith("window") else n_cut == 1


def test_an_index_run_finds_everything_unchanged(media, model, tmp_path):
    sharded(media, tmp_path, model)
    before = contents(tmp_path / "index")
    report = build_index(media, tmp_path / "index", ColourEmbedder(), RULE)
    assert (report.new, report.unchanged, report.dropped) == (0, 6, 0)
    assert contents(tmp_path / "index") == before
    assert starts(tmp_path / "index", "long.mp4") == list(range(12))


def test_the_report_is_that_of_the_run(media, model, tmp_path):
    one = build_index(media, tmp_path / "one", model, RULE)
    plan = sharded(media, tmp_path, model)
    found = merge_shards(plan, tmp_path / "shards", tmp_path / "fresh")
    for name in ("found", "new", "unchanged", "partial", "dropped", "clips"):
        assert getattr(found, name) == getattr(one, name), name
    assert sorted(found.skipped) == sorted(one.skipped)
    assert found.hours == pytest.approx(one.hours)


def test_excluded_files_stay_out_and_the_index_remembers(media, model, tmp_path):
    build_index(media, tmp_path / "one", model, RULE, exclude=["*.png", "bad"])
    sharded(media, tmp_path, model, exclude=["*.png", "bad"])
    assert contents(tmp_path / "index") == contents(tmp_path / "one")


def test_a_cut_file_gives_the_clips_that_one_run_gives(tmp_path, model):
    """Of a file whose end is missing, parts beyond what can be decoded give nothing."""
    whole = write_video(tmp_path / "library" / "long.avi", ["red", "green", "blue", "grey"] * 10)
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) * 6 // 10])
    build_index(tmp_path / "library", tmp_path / "one", model, RULE)
    plan = sharded(tmp_path / "library", tmp_path, model, 4)
    assert len(plan.shards) == 4
    assert contents(tmp_path / "index") == contents(tmp_path / "one")
    assert 10 < len(starts(tmp_path / "index", "long.avi")) < 40


def test_merging_again_changes_nothing(media, model, tmp_path):
    plan = sharded(media, tmp_path, model)
    manifest = (tmp_path / "index" / "manifest.json").read_bytes()
    report = merge_shards(plan, tmp_path / "shards", tmp_path / "index")
    assert (report.new, report.unchanged, report.clips) == (0, 6, 0)
    assert (tmp_path / "index" / "manifest.json").read_bytes() == manifest


def test_new_and_changed_files_come_into_an_index(media, model, tmp_path):
    library = tmp_path / "library"
    shutil.copytree(media[0], library, symlinks=True)
    sharded(library, tmp_path, model)
    write_video(library / "new.mp4", ["red"] * 5)
    write_video(library / "long.mp4", ["blue"] * 4)
    plan = plan_shards(library, 2, model, RULE, index=tmp_path / "index")
    assert {part.path for shard in plan.shards for part in shard} == {"new.mp4", "long.mp4"}
    encode_plan(plan, tmp_path / "more", model=model)
    report = merge_shards(plan, tmp_path / "more", tmp_path / "index")
    assert (report.new, report.dropped) == (2, 12)
    build_index(library, tmp_path / "one", model, RULE)
    Index.open(tmp_path / "index").compact()
    assert contents(tmp_path / "index") == contents(tmp_path / "one")


def test_a_file_that_could_not_be_read_this_time_keeps_its_clips(media, model, tmp_path, monkeypatch):
    library = tmp_path / "library"
    shutil.copytree(media[0], library, symlinks=True)
    plan = sharded(library, tmp_path, model)
    before = contents(tmp_path / "index")
    os.rename(library / "photo.png", tmp_path / "photo.png")
    encode_plan(plan, tmp_path / "shards", model=model)
    report = merge_shards(plan, tmp_path / "shards", tmp_path / "index")
    assert "photo.png" in {file.path.name for file in report.skipped}
    assert contents(tmp_path / "index") == before


def test_a_file_that_changed_between_its_parts_is_left_to_the_next_run(tmp_path, model):
    library = tmp_path / "library"
    video = write_video(library / "long.mp4", ["red", "green"] * 6)
    plan = plan_shards(library, 3, model, RULE)
    encode_plan(plan, tmp_path / "shards", (0, 3), model)
    write_video(video, ["blue", "green"] * 6)
    for number in (1, 2):
        encode_plan(plan, tmp_path / "shards", (number, 3), model)
    report = merge_shards(plan, tmp_path / "shards", tmp_path / "index")
    assert [file.reason for file in report.skipped] == ["changed while it was read; run again"]
    assert build_index(library, tmp_path / "index", model, RULE).new == 1


def test_missing_shards_and_those_of_another_plan_are_named(media, model, tmp_path):
    plan = plan_shards(media, 7, model, RULE)
    for number in (0, 2, 4):
        encode_plan(plan, tmp_path / "shards", (number, len(plan.shards)), model)
    with pytest.raises(IndexFolderError) as caught:
        merge_shards(plan, tmp_path / "shards", tmp_path / "index")
    assert caught.value.code == "shards_missing"
    assert caught.value.fields["numbers"] == [1, 3, *range(5, len(plan.shards))]
    encode_plan(plan, tmp_path / "shards", model=model)
    other = plan_shards(media, 7, model, "window:2")
    assert len(other.shards) == len(plan.shards)
    with pytest.raises(IndexFolderError) as caught:
        merge_shards(other, tmp_path / "shards", tmp_path / "index")
    assert caught.value.code == "shards_of_other_plan"
    assert not (tmp_path / "index").exists()


def cut(table: Path) -> None:
    table.write_bytes(table.read_bytes()[:-100])


def altered(table: Path) -> None:
    data = bytearray(table.read_bytes())
    data[len(data) // 2] ^= 1
    table.write_bytes(data)


@pytest.mark.parametrize("damage", [cut, altered, Path.unlink])
def test_a_damaged_shard_is_named_and_the_index_stays_as_it_was(media, model, tmp_path, damage):
    plan = sharded(media, tmp_path, model)
    before = contents(tmp_path / "index")
    (table,) = (tmp_path / "shards").glob(f"{plan.name(3)}-*.parquet")
    damage(table)
    for out in ("index", "fresh"):
        with pytest.raises(IndexFolderError) as caught:
            merge_shards(plan, tmp_path / "shards", tmp_path / out)
        assert (caught.value.code, caught.value.fields["place"]) == ("shard_damaged", f"3/{len(plan.shards)}")
    assert contents(tmp_path / "index") == before
    assert len(encode_plan(plan, tmp_path / "shards", model=model).encoded) == 1
    merge_shards(plan, tmp_path / "shards", tmp_path / "fresh")
    assert contents(tmp_path / "fresh") == before


def test_an_index_of_another_recipe_is_refused(media, model, tmp_path):
    plan = sharded(media, tmp_path, model)
    build_index(media, tmp_path / "other", model, "window:2")
    with pytest.raises(IndexFolderError) as caught:
        merge_shards(plan, tmp_path / "shards", tmp_path / "other")
    assert caught.value.code == "other_recipe"
