"""The commands with dual encoders of transformers: one of images, one of videos."""

from __future__ import annotations

import pytest

from tests.cli.conftest import vlret
from tests.models.hf.folders import SAVE


@pytest.fixture(scope="module", params=["clip", "xclip"])
def model(request, tmp_path_factory):
    """Beside the directory of trusted models, not in it."""
    return f"hf:{SAVE[request.param](tmp_path_factory.mktemp('dual') / request.param)}"


@pytest.fixture(scope="module")
def dual(model, media, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dual_index") / "index"
    run = vlret("index", media, "--out", folder, "--model", model, "--dtype", "float32")
    assert run.code == 0, run.err
    return folder


def test_an_index_is_searched_and_labelled(dual, model, media):
    run = vlret("search", dual, "a cat", "--model", model, "--json")
    assert (run.code, len(run.json["hits"])) == (0, 3), run.err
    picture = media / "blue <b>.png"
    best = vlret("search", dual, picture, "--model", model, "--json").json["hits"][0]
    assert (best["path"], best["score"]) == (str(picture), pytest.approx(1, abs=1e-5))
    labelled = vlret("label", dual, "--labels", "cat,dog", "--model", model, "--json")
    assert {item["label"] for item in labelled.json["items"]} <= {"cat", "dog"}


def test_the_index_names_its_model_but_does_not_bring_it(dual, model):
    assert vlret("info", dual, "--json").json["recipe"]["model"] == model
    run = vlret("search", dual, "a cat")
    assert run.code == 1
    assert f"--model {model}" in run.err


def test_a_benchmark_runs(model, media, tmp_path):
    (tmp_path / "labels.csv").write_text("path,label\ngreen one.mp4,cat\nblue <b>.png,dog\n")
    arguments = ["bench", "classification", "--labels", tmp_path / "labels.csv", "--data", media]
    run = vlret(*arguments, "--model", model, "--frames", 4, "--cache", tmp_path / "c", "--json")
    assert run.code == 0, run.err
    name = run.json["models"][0]["name"]
    assert name in model


def test_more_frames_than_a_model_of_videos_reads_are_refused(model, media, tmp_path):
    run = vlret("index", media, "--out", tmp_path / "index", "--model", model, "--frames", 9)
    if model.endswith("xclip"):
        assert run.code == 2
        assert "Give --frames 4, or fewer" in run.err
        assert not (tmp_path / "index" / "manifest.json").exists()
    else:
        assert run.code == 0
