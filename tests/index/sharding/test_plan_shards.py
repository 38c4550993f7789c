"""Files to shards: always in the same way."""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path

import pytest

from tests.index.sharding.conftest import TEXT_RULE
from tests.index.stand_in import CircleEmbedder, write_text_video
from vlret.errors import IndexFolderError, UsageError
from vlret.index.build import build_index
from vlret.index.sharding import plan_shards as module
from vlret.index.sharding.plan import ShardPlan
from vlret.index.sharding.plan_file import write_plan
from vlret.index.sharding.plan_shards import plan_shards


def parts(plan: ShardPlan) -> list[tuple[str, float, float | None]]:
    return [(part.path, part.start, part.end) for part in chain(*plan.shards)]


def test_a_plan_holds_each_file_and_cuts_the_long_one(texts, model):
    plan = plan_shards(texts, 5, model, TEXT_RULE)
    assert parts(plan) == [
        ("a.mp4", 0.0, None), ("bad.mp4", 0.0, None), ("long.mp4", 0.0, 6.0), ("long.mp4", 6.0, 14.0),
        ("long.mp4", 14.0, 22.0), ("long.mp4", 22.0, None), ("sub/é.mp4", 0.0, None),
    ]  # fmt: skip
    assert plan.roots == (str(texts),)
    assert [(Path(skip.path).name, skip.reason) for skip in plan.skipped] == [(".hidden.mp4", "hidden")]
    assert [Path(path).name for path in plan.unknown] == ["bad.mp4"]
    a_byte = (2 + 24 + 6) / (2 + 25 + 8)  # seconds: bad.mp4 is weighed by its size
    assert plan.seconds == (round(2 + 5 * a_byte, 1), 6.0, 8.0, 8.0, 2.0 + 6.0)


def test_the_order_in_which_a_disk_lists_files_does_not_matter(texts, model, tmp_path, monkeypatch):
    write_plan(plan_shards(texts, 3, model, TEXT_RULE), tmp_path / "one")
    scan = os.scandir

    class Backwards:
        def __init__(self, path: Path) -> None:
            self._found = scan(path)

        def __enter__(self):
            return iter(sorted(self._found.__enter__(), key=lambda entry: entry.name, reverse=True))

        def __exit__(self, *error: object) -> None:
            self._found.__exit__(*error)

    monkeypatch.setattr(os, "scandir", Backwards)
    write_plan(plan_shards(texts, 3, model, TEXT_RULE), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("rule", ["whole", "shots", "meaning"])
def test_files_that_only_a_whole_decoding_cuts_stay_whole(texts, model, rule):
    if rule == "shots":
        pytest.importorskip("scenedetect")
    plan = plan_shards(texts, 5, model, rule)
    assert parts(plan) == [(path, 0.0, None) for path in ("a.mp4", "bad.mp4", "long.mp4", "sub/é.mp4")]


def test_nobody_says_how_many_shards(texts, model, monkeypatch):
    assert len(plan_shards(texts, None, model, TEXT_RULE).shards) == 1
    monkeypatch.setattr(module, "SHARD_S", 12.0)
    assert len(plan_shards(texts, None, model, TEXT_RULE).shards) == 4


@pytest.mark.parametrize("n_shards", [0, -1, 1.5])
def test_a_number_of_shards_that_cannot_be_is_refused(texts, model, n_shards):
    with pytest.raises(UsageError) as caught:
        plan_shards(texts, n_shards, model, TEXT_RULE)
    assert caught.value.code == "not_a_count"


def test_a_file_of_two_sources_is_planned_once(texts, model):
    (texts / "a link.mp4").symlink_to(texts / "long.mp4")
    plan = plan_shards([texts / "sub", texts], 1, model, TEXT_RULE)
    names = [(Path(plan.roots[part.root]).name, part.path) for part in plan.shards[0]]
    assert names == [("texts", "a link.mp4"), ("texts", "a.mp4"), ("texts", "bad.mp4"), ("sub", "é.mp4")]


def test_of_an_index_the_recipe_is_kept(texts, model, tmp_path):
    build_index(texts, tmp_path / "index", model, TEXT_RULE, exclude=["sub"])
    write_text_video(texts / "sub" / "new.mp4", 1)
    write_text_video(texts / "new.mp4", 1)
    plan = plan_shards(texts, 2, model, TEXT_RULE, index=tmp_path / "index")
    assert (parts(plan), plan.exclude) == ([("new.mp4", 0.0, None)], ("sub",))
    for other, rule in ((model, "window:3"), (CircleEmbedder("other"), TEXT_RULE)):
        with pytest.raises(IndexFolderError):
            plan_shards(texts, 2, other, rule, index=tmp_path / "index")


def test_a_source_that_is_not_there_is_an_error(model, tmp_path):
    with pytest.raises(UsageError) as caught:
        plan_shards(tmp_path / "none", 2, model)
    assert caught.value.code == "source_missing"
