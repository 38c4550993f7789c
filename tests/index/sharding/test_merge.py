"""Shards become an index or change one: stand-in videos, nothing is decoded."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.index.sharding.conftest import TEXT_RULE, contents, starts, text_headers
from tests.index.stand_in import CircleEmbedder, TextPool, write_text_video
from vlret.errors import IndexFolderError
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.index.lock import writer_lock
from vlret.index.sharding.encode_plan import encode_plan
from vlret.index.sharding.merge import merge_shards
from vlret.index.sharding.plan import ShardPlan
from vlret.index.sharding.plan_shards import plan_shards
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.media.pool import FileFailed


def planned(sources, model, n_shards: int = 5, **options) -> ShardPlan:
    return plan_shards(sources, n_shards, model, TEXT_RULE, **options)


def sharded(sources, out: Path, model, n_shards: int = 5, **options) -> ShardPlan:
    """Plan, encode and merge `sources` into out / "index"."""
    plan = planned(sources, model, n_shards, **options)
    encode_plan(plan, out / "shards", model=model)
    merge_shards(plan, out / "shards", out / "index")
    return plan


def test_the_index_is_that_of_one_run(texts, model, tmp_path):
    build_index(texts, tmp_path / "one", model, TEXT_RULE)
    sharded(texts, tmp_path, model)
    assert contents(tmp_path / "index") == contents(tmp_path / "one")
    assert starts(tmp_path / "index", "long.mp4") == list(range(0, 24, 2))


def test_small_shards_of_the_index_are_whole_tables(texts, model, tmp_path, small_shards, monkeypatch):
    monkeypatch.setattr("vlret.index.sharding.merge.SHARD_CLIPS", 1)
    monkeypatch.setattr("vlret.index.sharding.merge.MERGE_AT", 3)
    build_index(texts, tmp_path / "one", model, TEXT_RULE)
    sharded(texts, tmp_path, model)
    assert len(list((tmp_path / "index" / "shards").iterdir())) > 2
    assert contents(tmp_path / "index") == contents(tmp_path / "one")
    Index.open(tmp_path / "index").compact()
    assert contents(tmp_path / "index") == contents(tmp_path / "one")


def test_the_report_is_that_of_the_run(texts, model, tmp_path):
    one = build_index(texts, tmp_path / "one", model, TEXT_RULE)
    plan = sharded(texts, tmp_path, model)
    found = merge_shards(plan, tmp_path / "shards", tmp_path / "fresh")
    for name in ("found", "new", "unchanged", "partial", "dropped", "clips"):
        assert getattr(found, name) == getattr(one, name), name
    assert sorted(found.skipped) == sorted(one.skipped)
    assert found.hours == pytest.approx(one.hours)


def test_excluded_files_stay_out_and_the_index_remembers(texts, model, tmp_path):
    build_index(texts, tmp_path / "one", model, TEXT_RULE, exclude=["sub", "bad"])
    sharded(texts, tmp_path, model, exclude=["sub", "bad"])
    assert contents(tmp_path / "index") == contents(tmp_path / "one")


def test_merging_again_changes_nothing(texts, model, tmp_path):
    plan = sharded(texts, tmp_path, model)
    manifest = (tmp_path / "index" / "manifest.json").read_bytes()
    report = merge_shards(plan, tmp_path / "shards", tmp_path / "index")
    assert (report.new, report.unchanged, report.clips) == (0, 3, 0)
    assert (tmp_path / "index" / "manifest.json").read_bytes() == manifest


def test_new_and_changed_files_come_into_an_index(texts, model, tmp_path):
    sharded(texts, tmp_path, model)
    write_text_video(texts / "new.mp4", 1, 2, 3)
    write_text_video(texts / "long.mp4", *range(20, 24))
    write_text_video(texts / "bad.mp4", 5)
    plan = planned(texts, model, 2, index=tmp_path / "index")
    paths = {part.path for shard in plan.shards for part in shard}
    assert paths == {"new.mp4", "long.mp4", "bad.mp4"}
    encode_plan(plan, tmp_path / "more", model=model)
    report = merge_shards(plan, tmp_path / "more", tmp_path / "index")
    assert (report.new, report.dropped) == (3, 12)
    build_index(texts, tmp_path / "one", model, TEXT_RULE)
    Index.open(tmp_path / "index").compact()
    assert contents(tmp_path / "index") == contents(tmp_path / "one")


def test_nothing_new_is_a_plan_without_shards(texts, model, tmp_path):
    sharded(texts, tmp_path, model)
    before = (tmp_path / "index" / "manifest.json").read_bytes()
    plan = planned(texts, model, index=tmp_path / "index")
    assert plan.shards == ()
    assert encode_plan(plan, tmp_path / "more", model=model).encoded == ()
    assert merge_shards(plan, tmp_path / "more", tmp_path / "index").new == 0
    assert (tmp_path / "index" / "manifest.json").read_bytes() == before


def test_other_sources_are_added_and_the_rest_stays(texts, model, tmp_path):
    sharded(texts, tmp_path, model)
    write_text_video(tmp_path / "other" / "o.mp4", 7, 8)
    for number, shard in enumerate((tmp_path / "other", texts)):
        plan = planned(shard, model)
        encode_plan(plan, tmp_path / f"more{number}", model=model)
        merge_shards(plan, tmp_path / f"more{number}", tmp_path / "index")
    build_index([tmp_path / "other", texts], tmp_path / "one", model, TEXT_RULE)
    one, merged = contents(tmp_path / "one"), contents(tmp_path / "index")
    assert merged["rows"] == one["rows"]
    assert merged["roots"] == (str(texts), str(tmp_path / "other"))


def test_a_plan_without_exclusions_keeps_those_of_the_index(texts, model, tmp_path):
    build_index(texts, tmp_path / "index", model, TEXT_RULE, exclude=["sub"])
    sharded(texts, tmp_path, model)
    assert contents(tmp_path / "index")["exclude"] == ("sub",)


def test_a_file_that_could_not_be_read_this_time_keeps_its_clips(texts, model, tmp_path, monkeypatch):
    plan = sharded(texts, tmp_path, model)
    before = contents(tmp_path / "index")
    os.rename(texts / "a.mp4", tmp_path / "a.mp4")
    monkeypatch.setattr(TextPool, "_file", reading_or_failing(TextPool._file))
    encode_plan(plan, tmp_path / "shards", model=model)
    report = merge_shards(plan, tmp_path / "shards", tmp_path / "index")
    assert [(file.path.name, file.reason) for file in report.skipped] == [
        (".hidden.mp4", "hidden"), ("a.mp4", "cannot be opened"), ("bad.mp4", "damaged"),
    ]  # fmt: skip
    assert contents(tmp_path / "index") == before


def test_a_file_whose_decoder_was_killed_is_tried_again_by_the_next_run(texts, model, tmp_path, monkeypatch):
    read = TextPool._file

    def killed(pool, job):
        yield from [FileFailed(job, "killed", retry=True)] if job.path.name == "a.mp4" else read(pool, job)

    with monkeypatch.context() as patch:
        patch.setattr(TextPool, "_file", killed)
        sharded(texts, tmp_path, model)
    skipped = {Path(row.path).name: row.size for row in Snapshot.read(Store(tmp_path / "index")).skipped}
    assert skipped == {".hidden.mp4": -1, "a.mp4": -1, "bad.mp4": 5}
    assert build_index(texts, tmp_path / "index", model, TEXT_RULE).new == 1


def test_a_header_that_promises_too_much_costs_nothing(texts, model, tmp_path, monkeypatch):
    """Parts beyond the end hold no clips, and say nothing of those before."""
    build_index(texts, tmp_path / "one", model, TEXT_RULE)
    headers = ((path, length and length * 9) for path, length in text_headers(sorted(texts.rglob("*.mp4"))))
    lengths = dict(headers)
    monkeypatch.setattr(
        "vlret.index.sharding.plan_shards.read_headers",
        lambda paths: ((path, lengths[path]) for path in paths),
    )
    plan = sharded(texts, tmp_path, model, 12)
    assert max(part.start for shard in plan.shards for part in shard) > 24
    assert contents(tmp_path / "index") == contents(tmp_path / "one")


def reading_or_failing(read):
    def file(pool, job):
        yield from read(pool, job) if job.path.exists() else [FileFailed(job, "cannot be opened")]

    return file


def test_a_file_that_changed_between_its_parts_is_left_to_the_next_run(texts, model, tmp_path):
    plan = planned(texts, model)
    n = len(plan.shards)
    owners = [number for number, shard in enumerate(plan.shards) for part in shard if part.path == "long.mp4"]
    assert len(owners) >= 3
    encode_plan(plan, tmp_path / "shards", (owners[0], n), model)
    write_text_video(texts / "long.mp4", *range(20, 32))
    for number in {*range(n)} - {owners[0]}:
        encode_plan(plan, tmp_path / "shards", (number, n), model)
    report = merge_shards(plan, tmp_path / "shards", tmp_path / "index")
    changed = [file.reason for file in report.skipped if file.path.name == "long.mp4"]
    assert changed == ["changed while it was read; run again"]
    assert starts(tmp_path / "index", "long.mp4") == []
    assert build_index(texts, tmp_path / "index", model, TEXT_RULE).new == 1
    build_index(texts, tmp_path / "one", model, TEXT_RULE)
    assert contents(tmp_path / "index") == contents(tmp_path / "one")


def test_missing_shards_and_those_of_another_plan_are_named(texts, model, tmp_path):
    plan = planned(texts, model, 6)
    n = len(plan.shards)
    assert n == 6
    for number in (0, 2, 4):
        encode_plan(plan, tmp_path / "shards", (number, n), model)
    (tmp_path / "shards" / f"{plan.name(4)}.json").write_text('{"inputs": "')
    with pytest.raises(IndexFolderError) as caught:
        merge_shards(plan, tmp_path / "shards", tmp_path / "index")
    assert (caught.value.code, caught.value.fields["numbers"]) == ("shards_missing", [1, 3, 4, 5])
    encode_plan(plan, tmp_path / "shards", model=model)
    for other in (planned(texts, CircleEmbedder("other"), 6), planned(texts, model, 6, n_frames=1)):
        with pytest.raises(IndexFolderError) as caught:
            merge_shards(other, tmp_path / "shards", tmp_path / "index")
        assert (caught.value.code, caught.value.fields["numbers"]) == ("shards_of_other_plan", list(range(n)))
    assert not (tmp_path / "index").exists()


def cut(table: Path) -> None:
    table.write_bytes(table.read_bytes()[:-100])


def altered(table: Path) -> None:
    data = bytearray(table.read_bytes())
    data[len(data) // 2] ^= 1
    table.write_bytes(data)


def rewritten(table: Path) -> None:
    """A good file with other vectors, no larger than that of the marker."""
    rows = pq.read_table(table)
    n_bytes, vectors = table.stat().st_size, rows["vector"].combine_chunks().flatten()
    turned = pa.FixedSizeListArray.from_arrays(pa.array(-vectors.to_numpy()), 2)
    rows = rows.set_column(rows.schema.names.index("vector"), "vector", turned)
    pq.write_table(rows, table, compression="zstd", write_statistics=False)
    assert table.stat().st_size <= n_bytes


@pytest.mark.parametrize("damage", [cut, altered, rewritten, Path.unlink])
def test_a_damaged_shard_is_named_and_the_index_stays_as_it_was(texts, model, tmp_path, damage):
    plan = sharded(texts, tmp_path, model)
    before = contents(tmp_path / "index")
    (table,) = (tmp_path / "shards").glob(f"{plan.name(3)}-*.parquet")
    damage(table)
    for out in ("index", "fresh"):
        with pytest.raises(IndexFolderError) as caught:
            merge_shards(plan, tmp_path / "shards", tmp_path / out)
        assert caught.value.code == "encoded_shard_damaged"
        assert caught.value.fields["place"] == f"3/{len(plan.shards)}"
    assert contents(tmp_path / "index") == before
    assert len(encode_plan(plan, tmp_path / "shards", model=model).encoded) == 1
    merge_shards(plan, tmp_path / "shards", tmp_path / "fresh")
    assert contents(tmp_path / "fresh") == before


def test_an_index_of_another_recipe_is_refused(texts, model, tmp_path):
    plan = sharded(texts, tmp_path, model)
    build_index(texts, tmp_path / "other", model, "window:3")
    with pytest.raises(IndexFolderError) as caught:
        merge_shards(plan, tmp_path / "shards", tmp_path / "other")
    assert caught.value.code == "other_recipe"


def test_an_index_of_another_model_is_refused(texts, model, tmp_path):
    plan = sharded(texts, tmp_path, model)
    build_index(texts, tmp_path / "other", CircleEmbedder("other"), TEXT_RULE)
    with pytest.raises(IndexFolderError) as caught:
        merge_shards(plan, tmp_path / "shards", tmp_path / "other")
    assert caught.value.code == "other_model"


def test_a_marker_that_names_a_table_elsewhere_is_refused(texts, model, tmp_path):
    plan = sharded(texts, tmp_path, model)
    marker = tmp_path / "shards" / f"{plan.name(0)}.json"
    values = json.loads(marker.read_text())
    os.rename(tmp_path / "shards" / values["table"]["name"], tmp_path / values["table"]["name"])
    values["table"]["name"] = f"../{values['table']['name']}"
    marker.write_text(json.dumps(values))
    with pytest.raises(IndexFolderError) as caught:
        merge_shards(plan, tmp_path / "shards", tmp_path / "fresh")
    assert caught.value.code == "encoded_shard_damaged"


def test_links_among_the_shards_are_refused(texts, model, tmp_path):
    plan = sharded(texts, tmp_path, model)
    (table,) = (tmp_path / "shards").glob(f"{plan.name(0)}-*.parquet")
    os.rename(table, tmp_path / table.name)
    table.symlink_to(tmp_path / table.name)
    with pytest.raises(IndexFolderError) as caught:
        merge_shards(plan, tmp_path / "shards", tmp_path / "fresh")
    assert caught.value.code == "not_a_plain_file"


def test_an_index_that_is_locked_is_left_alone(texts, model, tmp_path):
    plan = sharded(texts, tmp_path, model)
    with writer_lock(tmp_path / "index"), pytest.raises(IndexFolderError) as caught:
        merge_shards(plan, tmp_path / "shards", tmp_path / "index")
    assert caught.value.code == "index_locked"
