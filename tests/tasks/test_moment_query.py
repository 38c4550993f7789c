"""moment_query.py: which texts are moments, and which clip of the index covers each."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.index.synthetic import ROOT, add_file, new_index, unit_rows
from vlret.errors import MediaError, UsageError
from vlret.index.index import Index
from vlret.index.tables import FileRow
from vlret.tasks.moment_query import moment_of
from vlret.tasks.search import close_searchers, search
from vlret.types import Clip

VECTORS = unit_rows(6300, 8)


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Index:
    """Two files of ten clips of 2 s called holiday.mp4, and long.mp4 of 6280 clips; each has a vector of its own."""
    folder = tmp_path_factory.mktemp("index")
    writer = new_index(folder, 8)
    parts = np.split(VECTORS, [10, 20])
    for path, vectors in zip(["a/holiday.mp4", "b/holiday.mp4", "b/long film.mp4"], parts, strict=True):
        add_file(writer, path, vectors)
    writer.commit()
    return Index.open(folder)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("a/holiday.mp4@0", 0), ("a/holiday.mp4@1.99", 0), ("a/holiday.mp4@2", 1), ("a/holiday.mp4@0:05.5", 2),
        ("a/holiday.mp4@20", 9), (f"{ROOT}/b/holiday.mp4@0:00:03", 11), ("long film.mp4@83.5", 20 + 41),
        ("long film.mp4@1:23", 20 + 41), ("b/long film.mp4@1:02:03", 20 + 1861), ("b/../b/long film.mp4@0", 20),
    ],
)  # fmt: skip
def test_a_moment_is_the_clip_that_covers_it(videos, query, row):
    found = moment_of(videos, query).vector
    rounded = VECTORS[row].astype(np.float16).astype(np.float32)
    assert found == pytest.approx(rounded / np.linalg.norm(rounded), abs=1e-6)


def test_of_windows_that_overlap_the_one_whose_middle_is_nearest(tmp_path):
    writer = new_index(tmp_path, 3)
    clips = [Clip(Path(ROOT) / "a.mp4", start, start + 10) for start in (0.0, 5.0, 10.0)]
    writer.add(FileRow(0, "a.mp4", 1, 1), "0" * 32, clips, np.eye(3, dtype=np.float32), np.empty(0, np.int64))
    writer.commit()
    index = Index.open(tmp_path)
    rows = [int(np.argmax(moment_of(index, f"a.mp4@{time}").vector)) for time in (1, 7, 8, 12, 13, 20)]
    assert rows == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    "sentence",
    [
        "a dog", "meet me @12", "a concert @9:30", "me@example.org", "holiday@1:23", "liday.mp4 at 1:23", "@1:23",
        "holiday.mp4@", "holiday.mp4@soon", "a/holiday.mp4@1:2:3:4", "holiday.mp4@-3", "holiday.mp4@inf",
    ],
)  # fmt: skip
def test_all_else_is_no_moment(videos, sentence):
    assert moment_of(videos, sentence) is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("holiday.mp4@3", "ambiguous_file"), ("liday.mp4@3", "file_not_in_index"),
        ("/nowhere/gone.mov@1:23", "file_not_in_index"), ("a/holiday.mp4@20.1", "moment_past_end"),
        ("a/holiday.mp4@1:00:00", "moment_past_end"),
    ],
)  # fmt: skip
def test_errors_have_codes(videos, query, code):
    with pytest.raises(UsageError) as caught:
        moment_of(videos, query)
    assert caught.value.code == code


def test_a_file_of_that_very_name_wins(videos, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "holiday.mp4@3").touch()
    assert moment_of(videos, "a/holiday.mp4@3") is None
    (tmp_path / "a" / "holiday.mp4@3").unlink()
    assert moment_of(videos, "a/holiday.mp4@3") is not None


def test_of_a_file_that_is_not_in_the_index_two_seconds_are_decoded(videos, tmp_path):
    (tmp_path / "other.bin").touch()
    assert moment_of(videos, "other.bin@1:23") == Clip(Path("other.bin"), 82.0, 84.0)
    assert moment_of(videos, f"{tmp_path}{os.sep}other.bin@0.5") == Clip(tmp_path / "other.bin", 0.0, 1.5)


def test_moments_are_searched_for_added_and_subtracted(painted_index, painted, colour_model):
    def first(query, **options):
        hit = search(painted_index, query, model=colour_model, k=1, **options)[0]
        return Path(hit.path).name, hit.start

    red, blue = f"{painted}/long.gif@0:03", "long.gif@13"
    assert first(red, only="long.gif") == ("long.gif", 0)
    assert first(blue, only="long.gif") == ("long.gif", 10)
    assert first(red, plus=[(blue, 1.0)]) == ("purple.png", 0)
    assert first(red, plus=[(blue, 2.0)], minus=[(red, 0.9)], only="long.gif") == ("long.gif", 10)
    assert search(painted_index, red, model=colour_model).warnings == ()


def test_a_moment_of_a_file_on_disk_is_decoded(painted_index, painted, colour_model, tmp_path):
    (tmp_path / "copy.gif").write_bytes((painted / "long.gif").read_bytes())
    hits = search(painted_index, "copy.gif@15", model=colour_model, only="long.gif")
    assert hits[0].start == 10
    with pytest.raises(MediaError, match=r"ends at 20.000 s"):
        search(painted_index, "copy.gif@25", model=colour_model)
    close_searchers()
