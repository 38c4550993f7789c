"""`vlret index` and `vlret info`."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.conftest import paint_image, paint_video, vlret


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "media").mkdir()
    paint_image(tmp_path / "media" / "red.png", "red")
    paint_video(tmp_path / "media" / "long.mp4", "red", "blue")
    (tmp_path / "media" / "bad.mp4").write_text("no video")
    return tmp_path / "media"


@pytest.fixture
def arguments(folder, models, tmp_path):
    return ["index", folder, "--out", tmp_path / "index", "--model", models / "colour"]


def test_the_summary_and_its_json(arguments, folder):
    plain = vlret(*arguments)
    assert plain.code == 0
    assert "3 files found: 2 new, 0 unchanged, 1 skipped" in plain.out
    assert "bad.mp4" in plain.out
    again = vlret(*arguments, "--json")
    assert again.code == 0
    report = again.json
    assert report["schema"] == 1
    assert (report["found"], report["new"], report["unchanged"]) == (3, 0, 2)
    assert [file["path"] for file in report["skipped"]] == [str(folder / "bad.mp4")]


def test_strict_exits_with_1_when_a_file_was_skipped(arguments, folder):
    assert vlret(*arguments, "--strict").code == 1
    (folder / "bad.mp4").unlink()
    assert vlret(*arguments, "--strict").code == 0


def test_options_reach_the_index(arguments, tmp_path):
    run = vlret(*arguments, "--clips", "window:1", "--frames", 2, "--sampling", "endpoints", "--workers", 1)
    assert run.code == 0, run.err
    info = vlret("info", tmp_path / "index", "--json").json
    assert info["schema"] == 1
    assert info["clips"] == 5
    assert (info["recipe"]["clips"], info["recipe"]["n_frames"]) == ("window:1", 2)
    assert info["recipe"]["sampling"] == "endpoints"
    plain = vlret("info", tmp_path / "index").out
    assert "5 clips of 2 files; 1 file skipped" in plain
    assert "model     colour 1 (4 dimensions" in plain
    assert "search    exact (IDMap,Flat), recall@10 1.000" in plain
    info_file = tmp_path / "index" / "view" / "info.json"
    lists = json.loads(info_file.read_text()) | {"type": "IVF9,SQfp16", "nprobe": 4, "recall_at_10": 0.99}
    info_file.write_text(json.dumps(lists))
    assert "IVF9,SQfp16, nprobe 4, recall@10 0.990" in vlret("info", tmp_path / "index").out
    info_file.unlink()
    assert "built by the next search" in vlret("info", tmp_path / "index").out


def test_prune_drops_what_is_gone(arguments, folder):
    vlret(*arguments)
    (folder / "red.png").unlink()
    assert vlret(*arguments, "--prune", "--json").json["dropped"] == 1


def test_a_moved_library_is_one_option(arguments, folder, models, tmp_path):
    vlret(*arguments)
    moved = folder.rename(tmp_path / "moved")
    again = ["index", moved, "--out", tmp_path / "index", "--model", models / "colour", "--json"]
    run = vlret(*again, "--moved-from", folder)
    assert (run.json["new"], run.json["unchanged"]) == (0, 2)
    hits = vlret("search", tmp_path / "index", "red", "--json").json["hits"]
    assert {hit["path"] for hit in hits} == {str(moved / "red.png"), str(moved / "long.mp4")}


def test_a_folder_without_media_says_so(tmp_path, models):
    (tmp_path / "empty").mkdir()
    run = vlret("index", tmp_path / "empty", "--out", tmp_path / "i", "--model", models / "colour", "--json")
    assert run.code == 1
    assert run.json["found"] == 0
    assert "empty: no videos or images (" in run.err


def test_only_bad_files_exit_with_1(tmp_path, models):
    (tmp_path / "bad.mp4").write_text("no video")
    run = vlret("index", tmp_path / "bad.mp4", "--out", tmp_path / "i", "--model", models / "colour")
    assert run.code == 1
    assert "1 skipped" in run.out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["none"], "none does not exist"),
        ([], "SOURCE"),
        (["{media}", "--clips", "hourly"], "hourly"),
        (["{media}", "--decoder", "opencv"], "opencv"),
        (["{media}", "--sampling", "random"], "random"),
        (["{media}", "--model", "clipp"], "clipp"),
        (["{media}", "--frames", "0"], "--frames"),
        (["{media}", "--moved-from", "old"], "--moved-from needs --out"),
        (["{media}", "--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(media, models, tmp_path, monkeypatch, arguments, reason):
    monkeypatch.chdir(tmp_path)
    words = [argument.format(media=media) for argument in arguments]
    run = vlret("index", *words, *([] if "--model" in words else ["--model", models / "colour"]))
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("vlret: error: ")
    assert len(run.err.splitlines()) == 1
    assert reason in run.err


def test_info_of_no_index_is_one_line(tmp_path):
    run = vlret("info", tmp_path)
    assert (run.code, run.out, len(run.err.splitlines())) == (1, "", 1)


def test_a_dry_run_says_how_much_there_is_and_writes_nothing(media, models, tmp_path):
    run = vlret("index", media, "--out", tmp_path / "videos", "--model", models / "colour", "--dry-run")
    assert run.code == 0, run.err
    lines = run.out.splitlines()
    assert lines[0] == f"{tmp_path / 'videos'}: 2 videos (22 s) and 1 image to encode, 0 files unchanged"
    assert lines[1].startswith("about 4 clips, ")
    assert re.fullmatch(
        r"about \d+ s on this machine \(estimate: 3 files encoded, [\d.]+x real time\)", lines[2]
    )
    assert not (tmp_path / "videos").exists()
    run = vlret(
        "index", media, "--out", tmp_path / "videos", "--model", models / "colour", "--dry-run", "--json"
    )
    assert (run.json["schema"], run.json["videos"], run.json["images"], run.json["clips"]) == (1, 2, 1, 4)
