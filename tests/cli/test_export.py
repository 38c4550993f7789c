"""`--export` of search, label and caption."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from tests.cli.conftest import vlret
from tests.reports.exports.readers import Cut, read_edl, read_fcpxml, read_otio
from tests.reports.test_caption_formats import read_back
from vlret.reports.exports.write_export import FORMATS


def test_a_search_as_timelines(index, media, tmp_path):
    """long.mp4 has five frames a second, which fall on those of 25: its blue half is 10 to 20 s."""
    files = [tmp_path / name for name in ("a.edl", "new/b.FCPXML", "c.otio")]
    run = vlret(
        "search", index, "blue", "-k", 2, "--only", "long", "--all-clips", *(f"--export={f}" for f in files)
    )
    assert run.code == 0, run.err
    assert [line for line in run.err.splitlines() if "wrote" in line] == [
        f"vlret: wrote {file} ({file.stat().st_size / 1e3:.0f} kB)" for file in files
    ]
    long = media / "long.mp4"
    in_frames = [Cut(long, 250, 500, 0, 250), Cut(long, 0, 250, 250, 500)]
    assert read_edl(files[0].read_bytes(), Fraction(25)) == in_frames
    in_source = [Cut(long, 50, 100, 0, 250), Cut(long, 0, 50, 250, 500)]
    assert read_fcpxml(files[1].read_bytes()) == in_source
    assert [(cut.path, cut.first, cut.after) for cut in read_otio(files[2].read_bytes())] == [
        (cut.path, cut.first, cut.after) for cut in in_source
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_holds_the_hits(index, tmp_path, name):
    file = tmp_path / f"hits.{name}"
    assert vlret("search", index, "red", "--export", file).code == 0
    assert b"red" in file.read_bytes()


def test_labels(index, media, tmp_path):
    file = tmp_path / "labels.jsonl"
    assert vlret("label", index, "--labels", "red,green,blue", "--export", file).code == 0
    rows = list(map(json.loads, file.read_text().splitlines()))
    assert [(row["path"], row["start"], row["text"]) for row in rows] == [
        (str(media / "blue <b>.png"), 0.0, "blue"),
        (str(media / "green one.mp4"), 0.0, "green"),
        (str(media / "long.mp4"), 0.0, "red"),
        (str(media / "long.mp4"), 10.0, "blue"),
    ]
    assert all(0.3 < row["probability"] <= 1 for row in rows)


def test_captions(media, models, tmp_path):
    sentences, file = tmp_path / "colours.txt", tmp_path / "long.srt"
    sentences.write_text("red\ngreen\nblue\n")
    run = vlret(
        "caption",
        media / "long.mp4",
        "--captioner",
        sentences,
        "--model",
        models / "colour",
        "--export",
        file,
    )
    assert run.code == 0, run.err
    assert read_back(file) == [(0, 10_000, "red"), (10_000, 20_000, "blue")]
    assert "red" in run.out


def test_an_existing_file_is_replaced(index, tmp_path):
    file = tmp_path / "a.edl"
    file.write_text("old")
    assert vlret("search", index, "red", "--export", file).code == 0
    assert file.read_text().startswith("TITLE: red")
    assert [path.name for path in tmp_path.iterdir()] == ["a.edl"]


def test_no_hit_writes_no_file(index, tmp_path):
    run = vlret("search", index, "red", "--only", "nothing", "--export", tmp_path / "a.edl")
    assert "no clips to export" in run.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("verb", [("search", "red"), ("label", "--labels", "red,blue"), ("caption",)])
def test_an_unknown_suffix_is_refused_before_any_work(tmp_path, verb):
    run = vlret(verb[0], tmp_path / "no index", *verb[1:], "--export", tmp_path / "a.mp4")
    assert run.code == 2
    assert "'a.mp4' is not a known export format. Use a name that ends in .edl, .fcpxml" in run.err


def test_captions_that_are_kept_cannot_be_exported(media, tmp_path):
    run = vlret("caption", media, "--out", tmp_path / "captions", "--export", tmp_path / "a.srt")
    assert (run.code, "--export was given with --out" in run.err) == (2, True)


def test_results_are_printed_even_if_no_file_can_be_read(media, models, tmp_path):
    import shutil

    shutil.copy(media / "green one.mp4", tmp_path / "a.mp4")
    assert vlret("index", tmp_path / "a.mp4", "--out", tmp_path / "i", "--model", models / "colour").code == 0
    (tmp_path / "a.mp4").unlink()
    run = vlret("search", tmp_path / "i", "green", "--export", tmp_path / "a.edl")
    assert (run.code, "a.mp4" in run.out) == (1, True)
    assert "No clip can be exported" in run.err
    assert not (tmp_path / "a.edl").exists()


def test_trimmed_clips_as_webm(index, tmp_path):
    run = vlret("search", index, "red", "-k", 1, "--trim", tmp_path, "--trim-format", "webm")
    assert run.code == 0, run.err
    (saved,) = tmp_path.iterdir()
    assert saved.name == "long_0-00.webm"
    assert saved.read_bytes()[:4] == b"\x1aE\xdf\xa3"


def test_a_trim_format_needs_trim(index):
    run = vlret("search", index, "red", "--trim-format", "webm")
    assert run.code == 2
    assert (
        run.err
        == "vlret: error: --trim-format was given without --trim. Give the directory of the clips with --trim.\n"
    )


def test_an_unknown_form_of_trimmed_clips_is_refused(index, tmp_path):
    run = vlret("search", index, "red", "--trim", tmp_path, "--trim-format", "avi")
    assert (run.code, list(tmp_path.iterdir())) == (2, [])
    assert "'avi' is not a known form of clips. Give mp4 or webm." in run.err
