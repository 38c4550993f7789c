"""other_forms.py: CLIP_benchmark's keys, and task results that mteb itself reads."""

from __future__ import annotations

import json

import pytest

from tests.reports.bench_documents import from_json
from vlret.reports.other_forms import clip_benchmark, mteb

NAME = "swaps_<b>|$x$&"


def test_clip_benchmark_s_retrieval(results):
    form = clip_benchmark(results["retrieval"])[NAME]
    theirs = ["dataset", "model", "pretrained", "task", "metrics", "language"]
    assert list(form) == [*theirs, "missing", "trimmed"]
    assert (form["dataset"], form["model"], form["pretrained"]) == ("painted_retrieval", NAME, "1")
    assert (form["task"], form["language"]) == ("zeroshot_retrieval", "en")
    assert form["metrics"]["image_retrieval_recall@1"] == 0.4
    assert form["metrics"]["text_retrieval_recall@1"] == 0.5


def test_clip_benchmark_s_classification(results):
    form = clip_benchmark(results["classification"])[NAME]
    assert form["task"] == "zeroshot_classification"
    assert form["metrics"] == {"acc1": 0.333333, "acc5": 1.0, "mean_per_class_recall": 0.5}


@pytest.mark.parametrize("task", ["vqa", "text", "states"])
def test_clip_benchmark_has_no_form_for_other_tasks(results, task):
    assert clip_benchmark(results[task]) == {}


def test_partial_copies_are_marked(results):
    whole = results["retrieval"]
    (entry,) = mteb(whole)["colour", "1", "painted_retrieval-text-to-video"]["scores"]["test"]
    for form in (clip_benchmark(whole)[NAME], entry):
        assert (form["missing"], form["trimmed"]) == (0, "")
    document = whole.to_json()
    document["missing"], document["dataset"]["choices"]["trimmed"] = ["a", "b"], "x.first5.json"
    part = from_json(document)
    (entry,) = mteb(part)["colour", "1", "painted_retrieval-text-to-video"]["scores"]["test"]
    for form in (clip_benchmark(part)[NAME], entry):
        assert (form["missing"], form["trimmed"]) == (2, "x.first5.json")


@pytest.mark.slow
def test_mteb_reads_its_own_form(results, tmp_path):
    mteb_results = pytest.importorskip("mteb.results")
    for task, main in (
        ("retrieval", "nDCG@10"), ("classification", "top-1"), ("vqa", "accuracy"), ("text", "accuracy"),
        ("states", "accuracy"),
    ):  # fmt: skip
        for (model, _, name), form in mteb(results[task]).items():
            (tmp_path / "task.json").write_text(json.dumps(form))
            read = mteb_results.TaskResult.from_disk(tmp_path / "task.json")
            assert read.task_name == name
            assert read.eval_splits == ["test"]
            own = next(one for one in results[task].models if one.name == model)
            part = next(s for s in own.sections if s.name.replace(" ", "-") in name or s.name == "all")
            assert read.get_score() == pytest.approx(part.figures[main].value / 100, abs=1e-6)


def test_mteb_s_recall_is_the_share_of_all_right_items(results):
    forms = mteb(results["retrieval"])
    (back,) = forms["colour", "1", "painted_retrieval-video-to-text"]["scores"]["test"]
    assert (back["hit_rate_at_1"], back["recall_at_1"]) == (1.0, 0.875)  # red has two texts
    (forth,) = forms["colour", "1", "painted_retrieval-text-to-video"]["scores"]["test"]
    assert (forth["hit_rate_at_1"], forth["recall_at_1"]) == (1.0, 1.0)
