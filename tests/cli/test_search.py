"""`vlret search`."""

from __future__ import annotations

import html
import re

import av
import numpy as np
import pytest

from tests.cli.conftest import paint_image, paint_video, vlret
from tests.conftest import ColourEmbedder
from vlret.index.index import Index
from vlret.tasks import searcher
from vlret.tasks.calibration import Calibration, QueryCalibration
from vlret.types import Clip


def test_json_holds_the_hits_of_the_sentence(index, media):
    run = vlret("search", index, "a", "red", "car", "--json")
    assert run.code == 0
    assert run.err == ""
    document = run.json
    hits = document.pop("hits")
    assert document == {
        "schema": 1, "query": "a red car", "plus": [], "minus": [], "k": 10, "all_clips": False, "only": None,
        "moments": False, "index": str(index), "indexes": [str(index)], "model": "colour",
        "exclude": [], "where": None, "sort": "score", "page": 1, "has_next": False,
        "fold_copies": True, "min_probability": None, "nothing_fits": False,
    }  # fmt: skip
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert hits[0].pop("score") == pytest.approx(1, abs=1e-3)
    clip_id = hits[0].pop("clip_id")
    assert Index.open(index).resolve(clip_id) == Clip(media / "long.mp4", 0.0, 10.0)
    assert hits[0] == {
        "rank": 1, "path": str(media / "long.mp4"), "start": 0, "end": 10, "gone": False, "index": str(index),
        "probability": None, "copies": [], "more_clips": 0,
    }  # fmt: skip
    model = ColourEmbedder()
    green = (model.embed_texts(["red"]) @ model.embed_texts(["green"]).T).item()
    assert hits[2]["score"] == pytest.approx(green, abs=1e-2)


def test_every_clip_of_a_file_or_the_best(index, media):
    spans = [
        (hit["path"], hit["start"])
        for hit in vlret("search", index, "red", "--all-clips", "--json").json["hits"]
    ]
    assert spans.count((str(media / "long.mp4"), 0.0)) == spans.count((str(media / "long.mp4"), 10.0)) == 1
    assert len(spans) == 4
    assert len(vlret("search", index, "red", "--json", "-k", 2).json["hits"]) == 2


def test_a_file_is_searched_by_what_it_shows(index, media):
    hits = vlret("search", index, media / "green one.mp4", "--json").json["hits"]
    assert hits[0]["path"] == str(media / "green one.mp4")
    assert hits[0]["score"] == pytest.approx(1, abs=1e-3)


def test_plus_and_not_turn_the_query(index):
    more = vlret("search", index, "red", "--plus", "blue^3", "--not", "red^0.9", "--json").json["hits"]
    assert "blue" in more[0]["path"] or more[0]["start"] == 10
    document = vlret("search", index, "red", "--plus", "blue^3", "--not", "red^0.9", "-k", 1, "--json").json
    assert (document["plus"], document["minus"], document["k"]) == (["blue^3"], ["red^0.9"], 1)


@pytest.mark.parametrize("pattern", ["*.png", "blue", "<b>", "*/blue*"])
def test_a_part_of_the_path_or_a_pattern_restricts_the_files(index, media, pattern):
    hits = vlret("search", index, "red", "--only", pattern, "--json").json["hits"]
    assert [hit["path"] for hit in hits] == [str(media / "blue <b>.png")]


def test_more_clips_that_fit_are_told_and_stand_on_a_timeline(models, tmp_path):
    (tmp_path / "media").mkdir()
    tour = tmp_path / "media" / "tour.mp4"
    paint_video(tour, "red", "green", "red", seconds=10)
    for number in range(3):
        paint_image(tmp_path / "media" / f"{number}.png", "green")
    folder = tmp_path / "index"
    assert vlret("index", tmp_path / "media", "--out", folder, "--model", models / "colour").code == 0
    run = vlret("search", folder, "red", "-k", 1)
    assert run.out.endswith(f"{tour}  (1 more clip)\n")
    assert run.err == "vlret: 1 more clip of these files fits, too (see them with --all-clips)\n"
    assert vlret("search", folder, "red", "--json").json["hits"][0]["more_clips"] == 1
    assert vlret("search", folder, "green", "--only", "png").err == ""
    every = vlret("search", folder, "red", "--all-clips", "-k", 2)
    assert every.out.splitlines()[2] == f"     0:00 {'#' * 20}{'-' * 20}{'#' * 20} 0:30  {tour}"
    assert every.err == ""


def test_paths_alone_stand_one_a_line_each_once(index, media):
    run = vlret("search", index, "red", "--paths", "--all-clips")
    long, blue, green = media / "long.mp4", media / "blue <b>.png", media / "green one.mp4"
    assert run.out.splitlines()[0] == str(long)
    assert sorted(run.out.splitlines()) == sorted(map(str, (long, blue, green)))
    assert run.err == ""


def test_nothing_found_is_said(index):
    for pattern in ("none*", "2024"):
        run = vlret("search", index, "red", "--only", pattern, "--paths")
        assert (run.code, run.out) == (0, "")
        assert run.err.startswith(f"vlret: no file matches --only '{pattern}': give a part of the path")


def test_plain_lines_show_rank_score_time_and_path(index, media):
    lines = vlret("search", index, "red").out.splitlines()
    assert lines[0].split(maxsplit=3) == ["1", "1.000", "0:00-0:10", str(media / "long.mp4")]


def test_html_and_trim_are_written_and_told_on_stderr(index, tmp_path):
    run = vlret("search", index, "red", "--json", "--html", tmp_path / "a.html", "--trim", tmp_path / "clips")
    assert len(run.json["hits"]) == 3
    page = (tmp_path / "a.html").read_text("utf-8")
    assert page.count("data:image/jpeg;base64,") == 1 + 2 * 3  # an image and two clips
    assert "blue &lt;b&gt;.png" in page
    names = sorted(path.name for path in (tmp_path / "clips").iterdir())
    assert names == ["blue_b.png", "green_one_0-00.mp4", "long_0-00.mp4"]
    with av.open(str(tmp_path / "clips" / "long_0-00.mp4")) as file:
        assert sum(1 for _ in file.decode(video=0)) == 50
    assert "a.html" in run.err


def test_moments_take_the_place_of_clips(index, media, tmp_path):
    run = vlret("search", index, "red", "--moments", "--json", "--only", "long", "--trim", tmp_path / "clips")
    assert run.json["moments"] is True
    (hit,) = run.json["hits"]
    assert (hit["start"], hit["end"]) == pytest.approx((0, 10), abs=0.5)
    (saved,) = (tmp_path / "clips").iterdir()
    with av.open(str(saved)) as file:
        assert sum(1 for _ in file.decode(video=0)) / 5 == pytest.approx(hit["end"] - hit["start"], abs=0.21)


def test_stored_moments_need_no_media(models, tmp_path):
    (tmp_path / "media").mkdir()
    paint_video(tmp_path / "media" / "tour.mp4", "green", "red", "green", seconds=8)
    folder = tmp_path / "index"
    run = vlret("index", tmp_path / "media", "--out", folder, "--model", models / "colour", "--moments")
    assert run.code == 0, run.err
    assert "; moments stored" in vlret("info", folder).out
    (tmp_path / "media" / "tour.mp4").unlink()
    run = vlret("search", folder, "red", "--moments", "--json")
    (hit,) = run.json["hits"]
    assert (hit["start"], hit["end"]) == pytest.approx((8, 16), abs=0.5)
    assert (run.err, hit["gone"]) == ("", True)


def test_a_moment_of_a_file_is_a_query(index, media):
    hits = vlret("search", index, "long.mp4@0:15", "--only", "long", "--json").json["hits"]
    assert hits[0]["start"] == 10
    assert vlret("search", index, "green", "one.mp4@1", "--json").json["hits"][0]["path"] == str(
        media / "green one.mp4"
    )
    run = vlret("search", index, "long.mp4@1:00")
    assert (run.code, run.err) == (
        2,
        "vlret: error: long.mp4 ends at 20.0 s, before 60 s. Give a time within it.\n",
    )


def test_warnings_go_to_stderr(index):
    run = vlret("search", index, "ein rotes Auto und " * 9, "--json")
    assert run.code == 0
    assert run.json["hits"]
    first, second = run.err.splitlines()
    assert first.startswith("vlret: warning: colour reads only the first 16 tokens")
    assert "does not look like English" in second


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["red", "--model", "{models}/asked"], 1, "was built with colour, not with asked"),
        (["red", "--model", "{models}/none"], 1, "built with colour; {models}/none does not load"),
        ([""], 2, "subtracted from it, is empty"),
        (["no.mp4"], 1, "no.mp4 does not exist"),
        (["red", "-k", "0"], 2, "'-k'"),
        (["red", "--json", "--paths"], 2, "--json and --paths"),
        (["red", "--not", "red^1"], 2, "cancel out"),
        (["red", "--plus", "blue^-1"], 2, "above 0"),
        (["red", "--not", "snow^0,3"], 2, "Write a number after ^"),
        (["red", "--only", ""], 2, "only was given as ''"),
        (["a dog", "{index}"], 2, "is an index, too"),
        (["{models}"], 2, "is a directory"),
        (["{models}/my holiday film.MTS"], 1, "does not exist"),
        (["a.mp4", "and", "a", "dog"], 2, "among other words"),
        ([], 2, "QUERY"),
    ],
)
def test_one_line_says_what_is_wrong(index, models, arguments, code, reason):
    run = vlret("search", index, *(argument.format(models=models, index=index) for argument in arguments))
    assert (run.code, run.out) == (code, "")
    assert run.err.startswith("vlret: error: ")
    assert len(run.err.splitlines()) == 1
    assert reason.format(models=models) in run.err


@pytest.mark.parametrize("damage", ["missing", "empty", "a file", "not json", "cut shard"])
def test_an_unreadable_index_is_one_line(index, tmp_path, damage):
    import shutil

    folder = tmp_path / "index"
    if damage == "empty":
        folder.mkdir()
    elif damage == "a file":
        folder.touch()
    elif damage != "missing":
        shutil.copytree(index, folder)
        shutil.rmtree(folder / "view", ignore_errors=True)
        victim = folder / "manifest.json" if damage == "not json" else next(folder.glob("shards/*.parquet"))
        victim.write_bytes(victim.read_bytes()[:100])
    run = vlret("search", folder, "red")
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("vlret: error: ")
    assert str(folder) in run.err
    assert len(run.err.splitlines()) == 1


def test_paths_may_be_separated_by_nul(index):
    lines = vlret("search", index, "red", "--paths").out.splitlines()
    for option in ("-0", "--null"):
        assert vlret("search", index, "red", option).out == "".join(f"{line}\0" for line in lines)
    assert vlret("search", index, "red", "-0", "--json").code == 2


def test_a_file_that_is_gone_is_marked(tmp_path, models):
    (tmp_path / "media").mkdir()
    for name, colour in (("a.png", "red"), ("b.png", "blue")):
        paint_image(tmp_path / "media" / name, colour)
    vlret("index", tmp_path / "media", "--out", tmp_path / "index", "--model", models / "colour")
    (tmp_path / "media" / "b.png").unlink()
    run = vlret("search", tmp_path / "index", "red")
    assert [line.endswith("  (file no longer exists)") for line in run.out.splitlines()] == [False, True]
    hits = vlret("search", tmp_path / "index", "red", "--json").json["hits"]
    assert [hit["gone"] for hit in hits] == [False, True]


def test_copies_are_one_result_and_are_named(index, media, models, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    paint_image(folder / "red.png", "red")
    paint_image(folder / "again <b>.png", "red")
    vlret("index", folder, "--out", tmp_path / "index", "--model", models / "colour")
    page = tmp_path / "page.html"
    run = vlret("search", tmp_path / "index", "red", "--html", page)
    assert [line.strip() for line in run.out.splitlines()] == [
        f"1   1.000                   {folder}/again <b>.png", f"also in 1 file: {folder}/red.png"
    ]  # fmt: skip
    assert f"also in 1 file: {folder}/red.png" in page.read_text()
    assert len(vlret("search", tmp_path / "index", "red", "--copies", "--paths").out.splitlines()) == 2
    assert (
        vlret("duplicates", tmp_path / "index").out
        == f"{folder}/again <b>.png = {folder}/red.png  (the same bytes)\n"
    )


def test_several_indexes_are_searched_as_one(index, media, models, tmp_path):
    folder, second = tmp_path / "media", tmp_path / "second"
    folder.mkdir()
    paint_image(folder / "red.png", "red")
    vlret("index", folder, "--out", second, "--model", models / "colour")
    page = tmp_path / "page.html"
    run = vlret("search", index, second, "a", "red", "car", "--json", "--html", page, "--all-clips")
    assert run.code == 0, run.err
    assert (run.json["index"], run.json["indexes"]) == (None, [str(index), str(second)])
    assert (run.json["query"], run.json["model"]) == ("a red car", "colour")
    assert {hit["path"]: hit["index"] for hit in run.json["hits"]} == {
        str(folder / "red.png"): str(second), **dict.fromkeys(map(str, media.iterdir()), str(index))
    }  # fmt: skip
    assert f"5 results in {index}, {second} by colour" in html.unescape(page.read_text())


@pytest.mark.parametrize(
    ("words", "code"), [(["index"], "No query"), (["red", "index"], "Indexes come first")]
)
def test_indexes_come_before_the_query(index, words, code):
    run = vlret("search", index, *(index if word == "index" else word for word in words))
    assert run.code == 2
    assert code in run.err


@pytest.fixture
def calibrated(monkeypatch):
    """At a cosine of 0.5 the probability is one half; below it nothing fits."""
    null = np.array([[0, 0, 0, 1]], np.float32)
    made = Calibration(null, hit=(10, 0, 0, 0, 0, -5), answer=(10, 0, 0, 0, 0, -5), least=0.5)
    monkeypatch.setattr(searcher, "load_calibration", lambda model: made)


@pytest.mark.usefixtures("calibrated")
def test_probabilities_stand_beside_the_scores(index):
    run = vlret("search", index, "red")
    assert re.match(r"  1   1\.000   99%  0:00-0:10 ", run.out)
    hits = vlret("search", index, "red", "--json").json["hits"]
    assert [hit["probability"] for hit in hits] == [
        pytest.approx(1 / (1 + np.exp(5 - 10 * hit["score"]))) for hit in hits
    ]


@pytest.mark.usefixtures("calibrated")
def test_only_results_of_a_least_probability(index):
    document = vlret("search", index, "red", "--min-probability", 0.9, "--json").json
    assert [hit["rank"] for hit in document["hits"]] == [1]
    assert (document["min_probability"], document["nothing_fits"]) == (0.9, False)
    run = vlret("search", index, "red", "--min-probability", 0.9999)
    assert run.err == "vlret: no result has a probability of 0.9999 or more\n"


@pytest.mark.usefixtures("calibrated")
def test_a_sentence_that_nothing_fits_is_told_on_stderr(index, monkeypatch):
    monkeypatch.setattr(QueryCalibration, "nothing_fits", lambda *_: True)
    run = vlret("search", index, "red", "--paths")
    assert run.err == "vlret: nothing in this index fits well\n"
    assert len(run.out.splitlines()) == 3
    assert vlret("search", index, "red", "--json").json["nothing_fits"]


def test_a_least_probability_without_a_calibration_names_the_option(index):
    run = vlret("search", index, "red", "--min-probability", 0.5)
    assert run.code == 2
    assert "Leave --min-probability out" in run.err
    assert vlret("search", index, "red", "--min-probability", 2).code == 2
