"""A worker's share of a plan."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.index.sharding.conftest import TEXT_RULE, contents
from tests.index.stand_in import CircleEmbedder, write_text_video
from vlret.errors import IndexFolderError, ModelError
from vlret.index.build import build_index
from vlret.index.sharding import encode_plan as module
from vlret.index.sharding.encode_plan import encode_plan
from vlret.index.sharding.merge import merge_shards
from vlret.index.sharding.plan import ShardPlan
from vlret.index.sharding.plan_shards import plan_shards


@pytest.fixture
def plan(texts, model) -> ShardPlan:
    return plan_shards(texts, 5, model, TEXT_RULE)


def test_a_worker_takes_every_nth_shard(plan, model, tmp_path):
    shares = [encode_plan(plan, tmp_path / "shards", (number, 3), model).encoded for number in range(3)]
    names = [plan.name(number) for number in range(5)]
    assert shares == [(names[0], names[3]), (names[1], names[4]), (names[2],)]
    report = encode_plan(plan, tmp_path / "shards", (7, 8), model)
    assert (report.encoded, report.kept, report.clips) == ((), (), 0)


def test_a_share_that_is_done_is_not_encoded_again(plan, model, tmp_path):
    first = encode_plan(plan, tmp_path / "shards", model=model)
    assert (first.clips, len(first.encoded), first.kept) == (16, 5, ())
    assert [(file.path.name, file.reason) for file in first.skipped] == [("bad.mp4", "damaged")]
    again = CircleEmbedder()
    report = encode_plan(plan, tmp_path / "shards", model=again)
    assert (report.clips, report.encoded, again.n_clips_seen) == (16, (), 0)
    assert report.kept == first.encoded


def test_only_the_shard_of_a_changed_file_is_encoded_again(plan, model, texts, tmp_path):
    encode_plan(plan, tmp_path / "shards", model=model)
    write_text_video(texts / "a.mp4", 77, 78)
    report = encode_plan(plan, tmp_path / "shards", model=model)
    assert (report.encoded, report.clips) == ((plan.name(0),), 17)


def test_a_stop_keeps_the_shards_before(plan, model, tmp_path, monkeypatch):
    encode = CircleEmbedder.encode_pixels

    def stopping(embedder, clips):
        if embedder.n_clips_seen >= 6:
            raise KeyboardInterrupt
        return encode(embedder, clips)

    with monkeypatch.context() as patch:
        patch.setattr(CircleEmbedder, "encode_pixels", stopping)
        with pytest.raises(KeyboardInterrupt):
            encode_plan(plan, tmp_path / "shards", model=CircleEmbedder())
    assert len(encode_plan(plan, tmp_path / "shards", model=model).kept) == 2


def test_another_model_is_refused(plan, tmp_path):
    with pytest.raises(ModelError) as caught:
        encode_plan(plan, tmp_path / "shards", model=CircleEmbedder("other"))
    assert caught.value.code == "other_model"
    assert not (tmp_path / "shards").exists()


def test_a_model_that_only_the_plan_names_is_not_loaded(plan, tmp_path, monkeypatch):
    monkeypatch.setattr("vlret.models.registry.load_model", lambda *_, **__: pytest.fail("it was loaded"))
    with pytest.raises(ModelError) as caught:
        encode_plan(plan, tmp_path / "shards")
    assert (caught.value.code, caught.value.fields["model"]) == ("untrusted_plan_model", "circle")


def test_the_model_is_loaded_once_and_only_where_it_is_needed(plan, model, tmp_path, monkeypatch):
    loaded = []

    def load_model(name, **options):
        loaded.append((name, options["dtype"]))
        return CircleEmbedder()

    monkeypatch.setattr("vlret.models.registry.load_model", load_model)
    monkeypatch.setattr(module, "is_trusted", lambda name: name == "circle")
    encode_plan(plan, tmp_path / "shards")
    encode_plan(plan, tmp_path / "shards")
    assert loaded == [("circle", "float32")]


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_directory_that_is_not_mounted_costs_no_good_shard(plan, model, texts, tmp_path, is_empty):
    encode_plan(plan, tmp_path / "shards", model=model)
    shutil.rmtree(texts)
    if is_empty:
        texts.mkdir()
    with pytest.raises(IndexFolderError) as caught:
        encode_plan(plan, tmp_path / "shards", model=model)
    assert caught.value.code == "plan_root_missing"
    assert merge_shards(plan, tmp_path / "shards", tmp_path / "index").new == 3


def test_a_directory_that_may_not_be_listed_is_named(plan, model, texts, tmp_path, monkeypatch):
    def denied(folder):
        raise PermissionError(13, "Permission denied", folder)

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "scandir", denied)
        patch.setattr(module.os, "listdir", denied)
        with pytest.raises(IndexFolderError) as caught:
            encode_plan(plan, tmp_path / "shards", model=model)
    assert (caught.value.code, caught.value.fields["path"]) == ("plan_root_missing", str(texts))


def test_two_workers_may_encode_the_same_shards_at_once(plan, texts, tmp_path):
    build_index(texts, tmp_path / "one", CircleEmbedder(), TEXT_RULE)
    with ThreadPoolExecutor(4) as threads:
        runs = [
            threads.submit(encode_plan, plan, tmp_path / "shards", model=CircleEmbedder(), progress=False)
            for _ in range(4)
        ]
        assert [run.result().clips for run in runs] == [16] * 4
    merge_shards(plan, tmp_path / "shards", tmp_path / "index")
    assert contents(tmp_path / "index") == contents(tmp_path / "one")
    assert not [path for path in (tmp_path / "shards").iterdir() if path.name.startswith(".")]
