"""The steps of a size in their order, kept between runs."""

from __future__ import annotations

import json

import pytest

from tests.evaluation.standalone.scale.figures import STEPS, result
from tests.refusal import refused
from vlret.evaluation.results.json_codec import decode
from vlret.evaluation.standalone.scale import run
from vlret.evaluation.standalone.scale.child import Ended, run_child
from vlret.evaluation.standalone.scale.result import Process, ScaleResult


@pytest.fixture
def children(monkeypatch):
    """The steps that were run; each takes no time and prints `STEPS`."""
    called = []

    def child(arguments, quiet=False):
        _, step, folder, *_ = arguments
        called.append(step)
        folder.mkdir(exist_ok=True)
        return Ended(Process(1.5, 300_000_000), json.dumps(STEPS.get(step)))

    monkeypatch.setattr(run, "run_child", child)
    return called


ALL = ["write", "build", "view", *["search"] * 10, "warm", "recalls", "filtered", "write", "search"]


def test_all_steps_and_nothing_is_left_but_figures(children, tmp_path):
    said = []
    got = run.run_scale([2000, 1000, 1000], tmp_path / "out", said.append)
    assert children == ALL * 2
    assert said[0] == "1,000 clips: write"
    assert [size.build for size in got.sizes] == [Process(1.5, 300_000_000)] * 2
    assert got.sizes[0].cold.n == 9
    assert got.sizes[0].filters[0].clips == 100
    assert got.model["name"] == "vljepa-mini"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"size-1000.json", "size-2000.json"}


def test_a_stopped_run_goes_on_with_the_step_that_was_not_done(children, tmp_path, monkeypatch):
    child = run.run_child

    def stops(arguments, quiet=False):
        if arguments[1] == "warm":
            raise KeyboardInterrupt
        return child(arguments, quiet)

    monkeypatch.setattr(run, "run_child", stops)
    with pytest.raises(KeyboardInterrupt):
        run.run_scale([1000], tmp_path, print)
    assert (tmp_path / "index-1000").is_dir()
    children.clear()
    monkeypatch.setattr(run, "run_child", child)
    run.run_scale([1000], tmp_path, print)
    assert children == ALL[ALL.index("warm") :]


def test_a_finished_size_is_not_measured_again_by_the_same_versions(children, tmp_path, monkeypatch):
    run.run_scale([1000], tmp_path, print)
    children.clear()
    run.run_scale([1000], tmp_path, print)
    assert children == []
    monkeypatch.setattr(run, "versions", lambda: {"vlret": "next"})
    run.run_scale([1000], tmp_path, print)
    assert children == ALL


@pytest.mark.parametrize("size", [990, 1005, 0, -10])
def test_sizes_that_cannot_be(size, tmp_path):
    with refused("bad_scale_size"):
        run.run_scale([1000, size], tmp_path, print)


def test_a_disk_that_is_too_small_is_noticed_before_work(tmp_path, children):
    with refused("disk_too_small"):
        run.run_scale([10**12], tmp_path, print)
    assert children == []


def test_there_and_back():
    made = result(1000, 2000)
    document = made.to_json()
    assert document["task"] == "scale"
    assert decode(ScaleResult, json.loads(json.dumps(document))) == made


def test_a_child_that_fails_says_why():
    with refused("step_failed") as caught:
        run_child(["vlret", "search", "no-such-index", "a dog"], quiet=True)
    assert "no-such-index" in caught.value.message
    assert "Traceback" not in caught.value.message


def test_a_child_has_its_own_time_and_memory():
    ended = run_child(["vlret", "--version"])
    assert ended.text.strip()
    assert ended.process.seconds > 0
    assert ended.process.peak_bytes is None or ended.process.peak_bytes > 5e6


@pytest.mark.slow
def test_a_real_run(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "_N_COLD", 2)  # each is a process
    (size,) = run.run_scale([1000], tmp_path, print).sizes
    assert (size.clips, size.files, size.shards) == (1000, 100, 1)
    assert (size.view.nprobe, size.text_recall, size.clip_recall) == (0, 1, 1)
    assert size.view.faiss_bytes == pytest.approx(4 * 384 + 8, rel=0.01)
    assert [one.recall for one in size.filters] == [1] * 6
    assert [one.clips for one in size.filters][:3] == [100, 10, 10]
    assert size.cold.p50_s > size.warm.index.p50_s > 0
    assert size.after_adding.seconds > size.warm.index.p50_s
