"""A directory of captions: what is finished stays, what would be others now is written again, kills lose nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.index.stand_in import CircleEmbedder, TextPool, write_text_video
from tests.index.test_kill import run_killed, write_library
from tests.refusal import refused
from tests.reports.caption_job import caption_job
from vlret.reports.caption_folder import FINISHED, CaptionFolder
from vlret.tasks import caption, media_clips
from vlret.tasks.media_clips import MediaClips
from vlret.types import ClipCaption


@pytest.fixture(autouse=True)
def text_pool(monkeypatch):
    monkeypatch.setattr(media_clips, "DecodePool", TextPool)
    monkeypatch.setattr(caption, "_CLIPS_AT_ONCE", 4)


def captions(path: str, text: str = "a dog") -> list[ClipCaption]:
    return [ClipCaption(path, 0.0, 2.0, text, 0.5)]


def folder(out: Path, library: Path, form: str = "srt", settings: str = "") -> CaptionFolder:
    return CaptionFolder(out, form, MediaClips([library], CircleEmbedder()), settings)


def contents(out: Path) -> dict[str, bytes]:
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in out.rglob("*.srt")}


def names(paths: list[str]) -> list[str]:
    return [Path(path).name for path in paths]


@pytest.fixture
def library(tmp_path):
    write_text_video(tmp_path / "media" / "a.mp4", 1)
    write_text_video(tmp_path / "media" / "trip" / "a.mp4", 2)
    return tmp_path / "media"


@pytest.fixture
def written(library, tmp_path):
    """A directory in which all is finished."""
    made = folder(tmp_path / "out", library)
    for path in made.unfinished():
        made.write(path, captions(path))
    return tmp_path / "out"


def test_files_of_one_name_do_not_overwrite_each_other(written, library):
    assert sorted(contents(written)) == ["a.mp4.srt", "trip/a.mp4.srt"]
    assert folder(written, library).unfinished() == []


def test_what_is_not_there_is_unfinished(written, library):
    (written / "a.mp4.srt").unlink()
    assert names(folder(written, library).unfinished()) == ["a.mp4"]
    write_text_video(library / "new.mp4", 3)
    assert names(folder(written, library).unfinished()) == ["a.mp4", "new.mp4"]


def test_what_would_be_others_now_is_unfinished(written, library):
    assert len(folder(written, library, settings="another captioner").unfinished()) == 2
    assert len(folder(written, library, form="vtt").unfinished()) == 2
    for source in (
        MediaClips([library], CircleEmbedder(), "window:3"),
        MediaClips([library], CircleEmbedder(), selective=True),
        MediaClips([library], CircleEmbedder("another")),
    ):
        assert len(CaptionFolder(written, "srt", source, "").unfinished()) == 2
    write_text_video(library / "a.mp4", 1, 2)
    assert names(folder(written, library).unfinished()) == ["a.mp4"]


def test_a_file_of_another_library_is_not_taken_for_finished(written, library, tmp_path):
    write_text_video(tmp_path / "other" / "a.mp4", 1)
    os.utime(tmp_path / "other" / "a.mp4", ns=(0, (library / "a.mp4").stat().st_mtime_ns))
    assert names(folder(written, tmp_path / "other").unfinished()) == ["a.mp4"]


def test_written_again_is_finished_again(written, library):
    made = folder(written, library, settings="new")
    for path in made.unfinished():
        made.write(path, captions(path, "a cat"))
    assert folder(written, library, settings="new").unfinished() == []
    assert len(folder(written, library).unfinished()) == 2


@pytest.mark.parametrize("rest", ['["a.mp4.sr', "5\n", "[1, 2, 3]\n", "\xff\n", "[[], 1]\n"])
def test_damaged_lines_are_passed_over(written, library, rest):
    with (written / FINISHED).open("a", encoding="latin-1") as file:
        file.write(rest)
    made = folder(written, library, settings="new")
    made.write(made.unfinished()[0], captions("a"))
    assert len(folder(written, library, settings="new").unfinished()) == 1
    assert names(folder(written, library).unfinished()) == ["a.mp4"]


def test_a_directory_that_cannot_be_written_is_told_at_once(library, tmp_path):
    (tmp_path / "file").touch()
    with refused("write_failed"):
        folder(tmp_path / "file", library)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_a_run_killed_at_any_step_loses_no_finished_file(tmp_path):
    library = write_library(tmp_path / "library")
    caption_job(library, tmp_path / "whole")
    expected = contents(tmp_path / "whole")
    assert len(expected) == 7
    n_kills = run_killed("caption", library, tmp_path / "runs")
    assert n_kills >= 3 * len(expected)
    for step in range(n_kills):
        out = tmp_path / "runs" / str(step)
        left = contents(out)
        assert left.items() <= expected.items()
        unfinished = folder(out, library).unfinished()
        assert len(unfinished) <= 1 + len(expected) - max(0, len(left) - 1)  # 1 more: bad.mp4
        caption_job(library, out)
        assert contents(out) == expected
        assert names(folder(out, library).unfinished()) == ["bad.mp4"]
