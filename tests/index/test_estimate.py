"""The estimate of a run counts what the run then does, and writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from vlret import build_index
from vlret.errors import IndexFolderError, UsageError
from vlret.index import estimate as module
from vlret.index.estimate import estimate_index


@pytest.fixture
def films(tmp_path) -> Path:
    for number in range(6):
        write_video(tmp_path / f"films/{number}.mp4", ["red", "blue"], seconds_each=1 + 3 * number)
    write_image(tmp_path / "films/photo.png", "green")
    (tmp_path / "films/bad.mp4").write_bytes(b"nothing")
    return tmp_path / "films"


@pytest.mark.parametrize("clips", ["auto", "whole", "window:3", "window:4:2"])
def test_it_counts_what_a_run_encodes(films, tmp_path, clips):
    estimate = estimate_index(films, tmp_path / "index", ColourEmbedder(), clips=clips)
    report = build_index(films, tmp_path / "index", ColourEmbedder(), clips=clips)
    assert (estimate.videos, estimate.images, estimate.unknown, estimate.unchanged) == (6, 1, 1, 0)
    assert estimate.clips == report.clips
    assert estimate.hours == pytest.approx(report.hours, rel=0.02)
    assert (estimate.n_sampled, estimate.seconds > 0, estimate.speed > 0) == (5, True, True)


def test_clips_that_depend_on_the_content_are_guessed_from_the_sample(films, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "N_VIDEOS", 6)
    estimate = estimate_index(films, tmp_path / "index", ColourEmbedder(), clips="shots")
    report = build_index(films, tmp_path / "index", ColourEmbedder(), clips="shots")
    assert estimate.clips == pytest.approx(report.clips, abs=1)


def test_nothing_is_written(films, tmp_path):
    estimate_index(films, tmp_path / "index", ColourEmbedder())
    assert not (tmp_path / "index").exists()


def test_only_what_is_new_counts(films, tmp_path):
    build_index(films, tmp_path / "index", ColourEmbedder())
    manifest = (tmp_path / "index/manifest.json").read_bytes()
    nothing = estimate_index(films, tmp_path / "index", ColourEmbedder())
    assert (nothing.videos, nothing.images, nothing.clips, nothing.seconds, nothing.unchanged) == (
        0,
        0,
        0,
        0,
        7,
    )
    write_video(films / "new.mp4", ["red"])
    estimate = estimate_index(films, tmp_path / "index", ColourEmbedder())
    assert (estimate.videos, estimate.images, estimate.clips, estimate.unchanged) == (1, 0, 1, 7)
    assert (tmp_path / "index/manifest.json").read_bytes() == manifest


def test_the_time_is_that_of_the_sample_times_the_length(films, tmp_path, monkeypatch):
    """A model that needs 1 s for each clip, and films of one clip each."""
    clock = [0.0]

    class Slow(ColourEmbedder):
        def encode_pixels(self, clips):
            clock[0] += len(clips)
            return super().encode_pixels(clips)

    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    for number in range(6):
        write_video(films / f"{number}.mp4", ["red", "blue"], seconds_each=2)
    estimate = estimate_index(films, tmp_path / "index", Slow(), clips="whole")
    assert estimate.seconds == pytest.approx(1 + 6 + 1, rel=0.05)  # one to warm up
    assert estimate.speed == pytest.approx(4, rel=0.05)


def test_the_bytes_are_about_those_of_the_index(tmp_path, monkeypatch):
    from tests.index.synthetic import synthetic_index, unit_rows
    from vlret.index.index import Index

    synthetic_index(tmp_path / "index", unit_rows(3000, 384))
    assert Index.open(tmp_path / "index").backend.info().is_exact
    files = [path for path in (tmp_path / "index").rglob("*") if path.is_file()]
    assert module._bytes(3000, 384) == pytest.approx(sum(path.stat().st_size for path in files), rel=0.1)


def test_files_of_which_none_can_be_encoded_give_no_time(films, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "read_headers", lambda paths: ((path, 4.0) for path in paths))
    for path in films.iterdir():
        path.write_bytes(b"nothing")
    estimate = estimate_index(films, tmp_path / "index", ColourEmbedder())
    assert (estimate.videos, estimate.seconds, estimate.speed, estimate.n_sampled) == (8, None, None, 0)


def test_other_settings_and_wrong_arguments_are_refused(films, tmp_path):
    build_index(films, tmp_path / "index", ColourEmbedder())
    with pytest.raises(IndexFolderError):
        estimate_index(films, tmp_path / "index", ColourEmbedder(), clips="whole")
    with pytest.raises(UsageError):
        estimate_index(films / "missing", tmp_path / "other", ColourEmbedder())


def test_excluded_files_do_not_count(films, tmp_path):
    estimate = estimate_index(films, tmp_path / "index", ColourEmbedder(), exclude=["*.png", "0.mp4"])
    assert (estimate.videos, estimate.images) == (5, 0)
    build_index(films / "photo.png", tmp_path / "index", ColourEmbedder(), exclude=["0.mp4"])
    assert estimate_index(films, tmp_path / "index", ColourEmbedder()).videos == 5  # the index remembers it
