"""hit_moments.py, file_windows.py and Searcher.score_curve on painted videos of known borders."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from vlret.errors import MediaError, UsageError
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.tasks import file_windows
from vlret.tasks.file_windows import windows_around
from vlret.tasks.moments import moments
from vlret.tasks.search import search
from vlret.tasks.searcher import Searcher
from vlret.types import Clip

MODEL = ColourEmbedder()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """tour.mp4: grey to 14 s, red to 32 s, grey to 50 s, red to 53 s, grey to 63 s; and two other files."""
    folder = tmp_path_factory.mktemp("library")
    colours = ["grey"] * 14 + ["red"] * 18 + ["grey"] * 18 + ["red"] * 3 + ["grey"] * 10
    write_video(folder / "tour.mp4", colours)
    write_video(folder / "green.mp4", ["green"] * 4)
    write_image(folder / "blue.png", "blue")
    build_index(folder, folder / "index", MODEL, progress=False)
    return folder


def spans(hits, name="tour.mp4") -> list[tuple[float, float]]:
    return [(hit.start, hit.end) for hit in hits if Path(hit.path).name == name]


def test_hits_become_moments(folder):
    whole = search(folder / "index", "red", model=MODEL)
    found = search(folder / "index", "red", model=MODEL, moments=True)
    assert spans(whole) == [(20.0, 30.0)]
    assert spans(found) == [pytest.approx((14, 32), abs=0.5)]
    assert [hit.score for hit in found] == [hit.score for hit in whole]
    assert found[0].clip_id == whole[0].clip_id


def test_of_several_hits_of_one_moment_the_best_is_kept(folder):
    found = search(folder / "index", "red", model=MODEL, moments=True, one_per_file=False, only="tour")
    assert spans(found)[:2] == [pytest.approx((14, 32), abs=0.5), pytest.approx((50, 53), abs=0.5)]
    assert found[0].rank == 1
    by_time = search(
        folder / "index", "red", model=MODEL, moments=True, one_per_file=False, only="tour", sort="time"
    )
    assert sorted(by_time, key=lambda hit: hit.rank) == list(found)
    middles = [sum(span) / 2 for span in spans(found)]
    assert sum(14 < middle < 32 for middle in middles) == 1


def test_images_and_files_that_are_gone_stay_as_they_are(folder, tmp_path):
    (tmp_path / "library").mkdir()
    write_video(tmp_path / "library" / "a.mp4", ["red"] * 3)
    write_image(tmp_path / "library" / "b.png", "blue")
    build_index(tmp_path / "library", tmp_path / "index", MODEL, progress=False)
    (tmp_path / "library" / "a.mp4").unlink()
    found = search(tmp_path / "index", "red", model=MODEL, moments=True)
    assert [(Path(hit.path).name, hit.start, hit.end) for hit in found] == [("a.mp4", 0, 3), ("b.png", 0, 0)]
    (warning,) = found.warnings
    assert warning.startswith(f"No moment of {tmp_path / 'library' / 'a.mp4'}: ")


def test_parts_that_overlap_are_decoded_once(folder, monkeypatch):
    asked = []
    decoded = file_windows._decoded
    monkeypatch.setattr(
        file_windows, "_decoded", lambda model, parts: asked.extend(parts) or decoded(model, parts)
    )
    tour, green = folder / "tour.mp4", folder / "green.mp4"
    clips = [Clip(tour, 50.0, 55.0), Clip(green), Clip(tour, 0.0, 5.0), Clip(tour, 10.0, 12.0)]
    found = windows_around(Index.open(folder / "index"), MODEL, clips)
    assert asked == [Clip(green, 0.0, math.inf), Clip(tour, 0.0, 85.0)]
    assert found[clips[0]] is found[clips[2]] is found[clips[3]]
    assert len(found[clips[1]].vectors) == 5


def test_only_the_windows_around_a_clip_are_decoded(folder, monkeypatch):
    monkeypatch.setattr(file_windows, "AROUND_S", 2.0)
    clip = Clip(folder / "tour.mp4", 20.0, 30.0)
    windows = windows_around(Index.open(folder / "index"), MODEL, [clip])[clip]
    assert windows.starts_s.tolist() == np.arange(18.0, 32.0, 0.5).tolist()


def test_a_score_curve_is_that_of_the_windows_or_of_the_clips(folder):
    with Searcher(folder / "index", MODEL) as searcher:
        curve = searcher.score_curve(folder / "tour.mp4", "red")
        assert len(curve.times_s) == 2 * 63 - 3
        red = ((curve.times_s > 15) & (curve.times_s < 31)) | ((curve.times_s > 51) & (curve.times_s < 52))
        assert curve.scores[red] == pytest.approx(1, abs=0.01)
        found = sorted(moments(curve), key=lambda one: one.start)
        assert [(one.start, one.end) for one in found] == [
            pytest.approx((14, 32), abs=0.5), pytest.approx((50, 53), abs=0.5)
        ]  # fmt: skip
        assert moments(searcher.score_curve(str(folder / "green.mp4"), "red")) == []
        coarse = searcher.score_curve(folder / "tour.mp4", "red", decode=False)
        assert coarse.times_s.tolist() == [5, 15, 25, 35, 45, 56.5]
        part = searcher.score_curve(Clip(folder / "tour.mp4", 20.0, 30.0), "red")
        assert part.times_s[0] == 21
        assert len(part.times_s) == 20


def test_curves_of_files_that_are_not_there_have_codes(folder):
    with Searcher(folder / "index", MODEL) as searcher:
        with pytest.raises(MediaError) as caught:
            searcher.score_curve(folder / "gone.mp4", "red")
        assert caught.value.code == "media_unreadable"
        with pytest.raises(UsageError) as refused:
            searcher.score_curve(folder / "gone.mp4", "red", decode=False)
        assert refused.value.code == "file_not_in_index"
