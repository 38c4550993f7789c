"""bench_files.py: what lies beside result.json, under names that every system takes."""

from __future__ import annotations

import json
import os

import pandas as pd
import pytest

from tests.evaluation.results.test_read import STORED
from tests.reports.bench_documents import from_json
from vlret.errors import OutputError
from vlret.evaluation.results.read import read_result
from vlret.reports.write_bench_reports import write_reports


def test_all_reports_are_written(results, tmp_path):
    paths = write_reports(results["retrieval"], tmp_path / "out")
    names = [path.relative_to(tmp_path / "out").as_posix() for path in paths]
    assert names == [
        "result.html", "result.md", "result.tex", "result.csv",
        "clip_benchmark/colour.json", "clip_benchmark/swaps_-b-x.json",
        *[f"mteb/{model}/1/painted_retrieval-{way}.json" for model in ("colour", "swaps_-b-x")
          for way in ("text-to-video", "video-to-text")],
    ]  # fmt: skip
    assert sorted(file for file in (tmp_path / "out").rglob("*") if file.is_file()) == sorted(paths)
    assert json.loads(paths[4].read_text())["model"] == "colour"


@pytest.mark.parametrize("name", ["first_version", "precomputed", "state_choice", "index"])
def test_reports_of_stored_results_are_written(tmp_path, name):
    written = write_reports(read_result(STORED / f"{name}.json"), tmp_path)
    assert (tmp_path / "result.html") in written
    assert len(pd.read_csv(tmp_path / "result.csv")) > 3


def test_confusion_is_written_whole_for_any_number_of_classes(results, tmp_path):
    document = results["classification"].to_json()
    document["classes"] += [f"class, {i}" for i in range(100)]
    document["models"][0]["parts"][0]["per_query"]["top"][3] = [50]
    write_reports(from_json(document), tmp_path)
    table = pd.read_csv(tmp_path / "confusion.csv")
    assert list(table) == ["model", "truth", "answer", "queries"]
    assert table.groupby("model")["queries"].sum().tolist() == [6, 6]
    rows = table[table["model"] == "colour"].drop(columns="model").to_numpy().tolist()
    assert rows == [["red", "red", 2], ["green", "green", 1], ["blue", "blue", 2], ["grey", "class, 46", 1]]


def test_a_folder_as_the_name_of_a_model_stays_below_the_output(results, tmp_path):
    document = results["text"].to_json()
    document["models"][0]["name"], document["models"][1]["name"] = "/models/mine", ".."
    document["models"][1]["stamp"]["model"]["revision"] = "../../a"
    write_reports(from_json(document), tmp_path / "out")
    found = sorted(file.relative_to(tmp_path).parts for file in tmp_path.rglob("*.json"))
    assert found == [
        ("out", "mteb", "model", "a", "painted_text.json"),
        ("out", "mteb", "models__mine", "1", "painted_text.json"),
    ]


def test_folders_with_one_last_part_are_told_apart(results, tmp_path):
    document = results["retrieval"].to_json()
    for model, name in zip(document["models"], ("/a/mine", "/b/mine"), strict=True):
        model["name"] = name
    paths = write_reports(from_json(document), tmp_path)
    assert len(set(paths)) == len(paths) == 10
    for folder in ("a", "b"):
        form = json.loads((tmp_path / "clip_benchmark" / f"{folder}__mine.json").read_text())
        assert form["model"] == f"/{folder}/mine"


def test_a_name_that_is_no_utf8_stops_nothing(results, tmp_path):
    document = results["retrieval"].to_json()
    document["models"][0]["name"] = "a\udcff"
    for path in write_reports(from_json(document), tmp_path):
        assert path.read_text("utf-8")


@pytest.mark.skipif(os.name != "posix", reason="permissions")
def test_a_folder_that_cannot_be_written_is_told(results, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_reports(results["text"], tmp_path / "file")
