"""`vlret caption`."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.conftest import paint_image, vlret

SENTENCES = "red\ngreen\nblue\n"


@pytest.fixture(scope="module")
def sentences(tmp_path_factory):
    file = tmp_path_factory.mktemp("sentences") / "colours.txt"
    file.write_text(SENTENCES)
    return file


@pytest.fixture
def caption(sentences, models):
    def run(*arguments):
        return vlret("caption", *arguments, "--captioner", sentences)

    return run


def test_json_of_an_index(index, media, caption):
    run = caption(index, "--json")
    assert (run.code, run.err) == (0, "vlret: loading the model\n")
    document = run.json
    items = document.pop("items")
    assert document == {"schema": 1, "model": "colour", "decoder": "colours"}
    assert [(item["path"], item["start"], item["end"], item["text"]) for item in items] == [
        (str(media / "blue <b>.png"), 0.0, 0.0, "blue"),
        (str(media / "green one.mp4"), 0.0, 2.0, "green"),
        (str(media / "long.mp4"), 0.0, 10.0, "red"),
        (str(media / "long.mp4"), 10.0, 20.0, "blue"),
    ]
    assert all(set(item) == {"path", "start", "end", "text", "score"} for item in items)
    assert all(0.9 < item["score"] <= 1.0001 for item in items)


def test_media_and_their_index_are_captioned_alike(index, media, models, caption):
    of_index = caption(index, "--json").json
    of_media = caption(media, "--model", models / "colour", "--json").json
    assert [item.pop("score") for item in of_media["items"]] == pytest.approx(
        [item.pop("score") for item in of_index["items"]], abs=1e-3
    )
    assert of_media == of_index


def test_text(index, media, caption):
    lines = caption(index).out.splitlines()
    assert [line.split("  ")[-1].strip() for line in lines] == [
        str(media / "blue <b>.png"), "blue", str(media / "green one.mp4"), "green", str(media / "long.mp4"), "red",
        "blue",
    ]  # fmt: skip
    assert lines[-1].split()[1] == "0:10-0:20"


def test_json_lines_and_csv_have_the_items_of_the_document(index, caption):
    items = caption(index, "--json").json["items"]
    assert caption(index, "--format", "jsonl").json_lines == items
    rows = list(csv.DictReader(io.StringIO(caption(index, "--format", "csv").out)))
    assert rows == [{name: str(value) for name, value in item.items()} for item in items]


@pytest.mark.parametrize(("form", "head", "point"), [("srt", "1\n", ","), ("vtt", "WEBVTT\n\n", ".")])
def test_subtitles_of_one_file(media, models, caption, form, head, point):
    run = caption(media / "long.mp4", "--every", 5, "--format", form, "--model", models / "colour")
    assert run.code == 0, run.err
    assert run.out.startswith(f"{head}00:00:00{point}000 --> 00:00:05{point}000\nred\n\n")
    assert run.out.count(" --> ") == 4
    assert f"00:00:10{point}000 --> 00:00:15{point}000\nblue\n" in run.out


def test_below_the_threshold_is_unknown(tmp_path, models, caption):
    for colour in ("grey", "red"):
        paint_image(tmp_path / f"{colour}.png", colour)
    words = [tmp_path, "--model", models / "colour", "--json"]
    assert [item["text"] for item in caption(*words).json["items"]] == ["red", "red"]
    items = caption(*words, "--threshold", 0.9).json["items"]
    assert [item["text"] for item in items] == ["unknown", "red"]


def test_only_what_is_new(media, models, index, caption):
    run = caption(media / "long.mp4", "--selective", "--model", models / "colour", "--json")
    (red, blue) = run.json["items"]
    assert (red["start"], red["text"], blue["end"], blue["text"]) == (0.0, "red", 20.0, "blue")
    assert red["end"] == blue["start"] == pytest.approx(10, abs=1)
    of_index = caption(index, "--selective", "--json").json["items"]
    assert [item["text"] for item in of_index] == ["blue", "green", "red", "blue"]


def test_subtitles_of_several_files_need_a_directory(media, index, models, caption):
    for source in ([media, "--model", models / "colour"], [index]):
        run = caption(*source, "--format", "srt")
        assert (run.code, run.out) == (2, "")
        assert "srt holds the captions of one file, not of 3. Give --out DIR" in run.err


def test_a_file_for_each_media_file_and_a_second_run_keeps_them(media, models, caption, tmp_path):
    words = [media, "--format", "vtt", "--out", tmp_path / "out", "--model", models / "colour"]
    first = caption(*words)
    assert (first.code, first.out) == (0, "")
    assert f"wrote captions of 3 files to {tmp_path / 'out'}\n" in first.err
    files = sorted((tmp_path / "out").glob("*.vtt"))
    assert [file.name for file in files] == ["blue <b>.png.vtt", "green one.mp4.vtt", "long.mp4.vtt"]
    files[1].unlink()
    before = files[2].stat().st_mtime_ns
    again = caption(*words)
    assert again.code == 0
    assert "wrote captions of 1 file to" in again.err
    assert "kept 2 files finished before" in again.err
    assert files[2].stat().st_mtime_ns == before
    assert caption(*words).code == 0
    assert "wrote captions of 3 files" in caption(*words, "--every", 1).err


def test_captions_of_an_index_in_a_directory(index, caption, tmp_path):
    assert caption(index, "--out", tmp_path / "out", "--format", "jsonl").code == 0
    lines = (tmp_path / "out" / "long.mp4.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["red", "blue"]
    assert "kept 3 files" in caption(index, "--out", tmp_path / "out", "--format", "jsonl").err


def test_bad_files_are_skipped_and_told(tmp_path, models, caption):
    paint_image(tmp_path / "red.png", "red")
    (tmp_path / "bad.mp4").write_text("no video")
    words = [tmp_path, "--model", models / "colour", "--json"]
    run, strict = caption(*words), caption(*words, "--strict")
    assert (run.code, strict.code) == (0, 1)
    assert [item["text"] for item in run.json["items"]] == ["red"]
    assert f"skipped {tmp_path / 'bad.mp4'}: " in run.err
    assert run.json == strict.json


def test_nothing_to_caption_exits_with_1(tmp_path, models, caption):
    (tmp_path / "bad.mp4").write_text("no video")
    run = caption(tmp_path, "--model", models / "colour", "--json")
    assert (run.code, run.json["items"]) == (1, [])


def test_a_text_of_a_bank_cannot_write_to_the_terminal(tmp_path, models):
    (tmp_path / "s.json").write_text('["\\u001b[31mred"]')
    paint_image(tmp_path / "red.png", "red")
    run = vlret(
        "caption", tmp_path / "red.png", "--captioner", tmp_path / "s.json", "--model", models / "colour"
    )
    assert "\x1b" not in run.out
    assert "\\x1b[31mred" in run.out


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--format", "xml"], 2, "--format was given as 'xml'. Give text, jsonl, csv, srt, vtt"),
        (["--json", "--format", "csv"], 2, "--json was given with --format"),
        (["--json", "--out", "x"], 2, "--json was given with --out"),
        (["--every", "5"], 2, "Leave --every out"),
        (["--every", "5", "--selective"], 2, "Give --every or --selective"),
        (["--threshold", "2"], 2, "--threshold"),
        (["--every", "x"], 2, "--every"),
        (["--captioner", "nothing"], 2, "nothing"),
        (["--captioner", "decoder"], 1, "--captioner FILE.txt"),
        (["--captioner", "none.parquet"], 2, "There is no file none.parquet"),
        (["--model", "{models}/asked"], 1, "built with colour, not with asked"),
    ],
)
def test_one_line_says_what_is_wrong(index, models, sentences, arguments, code, reason):
    words = [argument.format(models=models) for argument in arguments]
    run = vlret("caption", index, "--captioner", sentences, *words)
    assert (run.code, run.out) == (code, "")
    assert run.err.count("error") == 1
    assert reason in run.err.splitlines()[-1]


def test_an_interval_of_0_is_refused(media, models, caption):
    run = caption(media, "--every", 0, "--model", models / "colour")
    assert (run.code, run.out) == (2, "")
    assert "Give seconds above 0" in run.err
