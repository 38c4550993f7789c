"""`vlret label`."""

from __future__ import annotations

import json
import subprocess

import pandas as pd
import pytest

from tests.cli.conftest import ROOT, command, paint_image, vlret
from vlret.errors import OutputError
from vlret.reports import write_page


def test_json_of_an_index(index, media):
    run = vlret("label", index, "--labels", "red,green,blue", "--top", 2, "--json")
    assert (run.code, run.err) == (0, "vlret: 3 labels: red, green, blue\nvlret: loading the model\n")
    document = run.json
    items = document.pop("items")
    assert document == {"schema": 1, "model": "colour", "labels": ["red", "green", "blue"]}
    assert [(item["path"], item["start"], item["label"]) for item in items] == [
        (str(media / "blue <b>.png"), 0.0, "blue"),
        (str(media / "green one.mp4"), 0.0, "green"),
        (str(media / "long.mp4"), 0.0, "red"),
        (str(media / "long.mp4"), 10.0, "blue"),
    ]
    for item in items:
        assert set(item) == {"path", "start", "end", "label", "score", "probability", "margin", "top"}
        first, second = item["top"]
        assert (first["label"], first["score"]) == (item["label"], item["score"])
        assert item["margin"] == pytest.approx(first["score"] - second["score"])


def test_media_and_their_index_are_labelled_alike(index, media, models):
    of_index = vlret("label", index, "--labels", "red,green,blue", "--json").json
    of_media = vlret(
        "label", media, "--model", models / "colour", "--labels", "red,green,blue", "--json"
    ).json
    assert of_media == of_index


def test_labels_of_a_file_templates_and_threshold(index, tmp_path):
    (tmp_path / "l.txt").write_text("red\ngreen\n")
    run = vlret(
        "label", index, "--labels", tmp_path / "l.txt", "--template", "a {} thing", "--template", "{}",
        "--threshold", 0.9, "--json",
    )  # fmt: skip
    assert [item["label"] for item in run.json["items"]] == ["unknown", "green", "red", "unknown"]
    assert run.json["items"][0]["probability"] == pytest.approx(0.5, abs=0.01)


def test_labels_given_one_by_one_are_one_list(index):
    run = vlret("label", index, "--labels", "red", "--labels", "green,blue", "--json")
    assert run.json["labels"] == ["red", "green", "blue"]
    assert "'red' is the only label" in vlret("label", index, "--labels", "red").err


def test_a_column_of_a_table(index, tmp_path):
    (tmp_path / "l.csv").write_text("colour;shape\nred;round\nblue;square\n")
    run = vlret("label", index, "--labels", tmp_path / "l.csv", "--column", "colour", "--json")
    assert run.json["labels"] == ["red", "blue"]
    assert "2 labels: red, blue" in run.err


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_a_table_is_written(index, tmp_path, suffix):
    out = tmp_path / f"a.{suffix}"
    run = vlret("label", index, "--labels", "red,blue", "--out", out, "--json")
    readers = {"csv": pd.read_csv, "parquet": pd.read_parquet, "jsonl": lambda p: pd.read_json(p, lines=True)}
    assert readers[suffix](out)["label"].tolist() == [item["label"] for item in run.json["items"]]
    assert f"wrote {out}" in run.err


def test_the_rows_are_in_the_table_and_their_totals_are_printed(index, tmp_path):
    run = vlret("label", index, "--labels", "red,green,blue,grey", "--out", tmp_path / "a.csv")
    assert run.out.splitlines() == ["      2   50%  blue", "      1   25%  green", "      1   25%  red"]


def test_a_reader_that_goes_costs_no_table(index, tmp_path):
    out = tmp_path / "a.csv"
    words = ["label", index, "--labels", "red,blue", "--out", out, "--html", tmp_path / "a.html"]
    with subprocess.Popen(command(*words), cwd=ROOT, stdout=subprocess.PIPE, bufsize=0) as run:
        run.stdout.close()
    assert run.returncode == 0
    assert len(pd.read_csv(out)) == 4
    assert (tmp_path / "a.html").is_file()


@pytest.mark.parametrize("option", ["--html", "--out"])
def test_a_file_that_cannot_be_written_is_told_before_any_work(index, tmp_path, option):
    (tmp_path / "file").touch()
    file = tmp_path / "file" / ("a.html" if option == "--html" else "a.csv")
    run = vlret("label", index, "--labels", "red", option, file)
    assert (run.code, run.out) == (1, "")
    assert "A part of this path is a file, not a directory" in run.err
    assert "loading" not in run.err


def test_a_page_that_fails_later_costs_no_table(index, tmp_path, monkeypatch):
    def fail(*_):
        raise OutputError("full")

    monkeypatch.setattr(write_page, "write_output", fail)
    run = vlret("label", index, "--labels", "red", "--out", tmp_path / "a.csv", "--html", tmp_path / "a.html")
    assert (run.code, run.out) == (1, "      4  100%  red\n")
    assert len(pd.read_csv(tmp_path / "a.csv")) == 4


def test_html_shows_each_clip(index, tmp_path):
    run = vlret("label", index, "--labels", "red,<b>blue</b>", "--html", tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text("utf-8")
    assert len(run.out.splitlines()) == 4
    assert page.count("<img ") == 1 + 3 * 3  # an image and three clips
    assert "&lt;b&gt;blue&lt;/b&gt;" in page
    assert "<b>blue" not in page


def test_bad_files_are_skipped_and_told(tmp_path, models):
    paint_image(tmp_path / "red.png", "red")
    (tmp_path / "bad.mp4").write_text("no video")
    arguments = ["label", tmp_path, "--labels", "red,blue", "--model", models / "colour", "--json"]
    run, strict = vlret(*arguments), vlret(*arguments, "--strict")
    assert (run.code, strict.code) == (0, 1)
    assert [item["label"] for item in run.json["items"]] == ["red"]
    assert "skipped" in run.err
    assert "bad.mp4" in run.err
    assert run.json == strict.json


def test_nothing_to_label_exits_with_1(tmp_path, models):
    (tmp_path / "bad.mp4").write_text("no video")
    run = vlret("label", tmp_path, "--labels", "a,b", "--model", models / "colour", "--json")
    assert run.code == 1
    assert run.json["items"] == []


@pytest.mark.parametrize(("name", "reason"), [("x.txt", ""), (".x.mp4", ".x.mp4: hidden.")])
def test_a_folder_without_media_says_so(tmp_path, models, name, reason):
    (tmp_path / name).write_text("no video")
    run = vlret("label", tmp_path, "--labels", "a,b", "--model", models / "colour")
    assert (run.code, run.out) == (1, "")
    message = f"{tmp_path} contains nothing to label. {reason and f'{tmp_path}/{reason}'}"
    assert run.err.splitlines()[-1] == f"vlret: error: {message.strip()}"


def test_an_index_beside_other_sources_is_refused(index, media):
    run = vlret("label", media, index, "--labels", "a,b")
    assert run.code == 2
    assert f"{index} is an index, and was given with other sources. Give it alone" in run.err


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ([], 2, "--labels"),
        (["--labels", ","], 2, "contains no labels"),
        (["--labels", "none.txt"], 2, "none.txt does not exist"),
        (["--labels", "cat;dog"], 2, "Separate labels by commas"),
        (["--labels", "a", "--template", "x"], 2, "contains {} 0 times"),
        (["--labels", "a", "--out", "a.xlsx"], 2, ".csv, .parquet, .jsonl"),
        (["--labels", "a", "--threshold", "2"], 2, "--threshold"),
        (["--labels", "a", "--model", "{models}/asked"], 1, "built with colour, not with asked"),
    ],
)
def test_one_line_says_what_is_wrong(index, models, arguments, code, reason):
    run = vlret("label", index, *(argument.format(models=models) for argument in arguments))
    assert (run.code, run.out) == (code, "")
    error = run.err.splitlines()[-1]
    assert error.startswith("vlret: error: ")
    assert run.err.count("error") == 1
    assert reason in error


def test_json_is_ascii_with_any_name(tmp_path, models):
    paint_image(tmp_path / "日本 \n x.png", "red")
    run = vlret("label", tmp_path, "--labels", "red,Übergröße", "--model", models / "colour", "--json")
    assert run.out.isascii()
    assert json.loads(run.out)["items"][0]["path"] == str(tmp_path / "日本 \n x.png")


def test_an_ambiguous_table_asks_for_the_column_option(index, tmp_path):
    (tmp_path / "l.csv").write_text("shape,colour\nround,red\nsquare,blue\n")
    run = vlret("label", index, "--labels", tmp_path / "l.csv")
    assert (run.code, run.out) == (2, "")
    assert "Give --column with the heading" in run.err
