"""`vlret bench selective`: videos and annotations in, a table, a document or files out."""

from __future__ import annotations

import pytest

from tests.cli.conftest import paint_video, vlret

ROWS = "path,start,end,text\na.mp4,0,4,a red wall\na.mp4,4,8,a blue wall\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    paint_video(folder / "a.mp4", "red", "blue", seconds=4)
    (folder / "annotations.csv").write_text(ROWS)
    (folder / "bank.txt").write_text("a red wall\na blue wall\na grey wall\n")
    return folder


@pytest.fixture
def run(folder, models, tmp_path):
    def run(*arguments):
        given = (
            "--videos",
            folder,
            "--annotations",
            folder / "annotations.csv",
            "--captioner",
            folder / "bank.txt",
        )
        model = ("--model", models / "colour", "--cache", tmp_path / "cache", "--length", 1)
        return vlret("bench", "selective", *given, *model, *arguments)

    return run


def test_table_and_files(run, tmp_path):
    done = run("--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert done.out.splitlines()[0].startswith("method")
    assert "times fewer decodes than uniform at 1 Hz" in done.out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "result.json",
        "result.html",
        "result.csv",
    }
    assert "wrote" in done.err


def test_a_document(run):
    done = run("--json")
    assert done.code == 0, done.err
    assert done.json["task"] == "selective"
    assert done.json["points"][0]["scores"]["CIDEr"]["low"] >= 0
    assert done.json["headlines"][0]["method"] == "uniform"


def test_what_is_wrong_is_one_line(run, folder, models, tmp_path):
    done = run("--videos", tmp_path)
    assert done.code == 2
    assert "--videos" in done.err
    assert "Traceback" not in done.err
    assert run("--length", 0).code == 2
    assert run("--annotations", folder / "none.csv").code == 1
    assert run("--captioner", folder / "none.txt").code == 2
