"""Annotated videos from a table, and what is said where files are missing."""

from __future__ import annotations

import pytest

from tests.refusal import refused
from vlret.evaluation.standalone.selective.annotations import Annotation, read_videos

ROWS = (
    "path,start,end,text\nb.mp4,4,6,later\nb.mp4,0,4,one\nb.mp4,0,4,the same said again\na.mp4,2,,a moment\n"
)


@pytest.fixture
def file(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).touch()
    path = tmp_path / "annotations.csv"
    path.write_text(ROWS)
    return path


def test_rows_of_one_span_are_one_annotation(file, tmp_path):
    (first, second), missing = read_videos(file, tmp_path)
    assert missing == []
    assert first.path == tmp_path / "b.mp4"
    said = (Annotation(0, 4, ("one", "the same said again")), Annotation(4, 6, ("later",)))
    assert first.annotations == said
    assert first.spans.tolist() == [[0, 4], [4, 6]]
    assert [one.time_s for one in first.annotations] == [2, 5]
    assert second.spans is None
    assert second.annotations[0].time_s == 2


def test_missing_videos(file, tmp_path):
    (tmp_path / "a.mp4").unlink()
    with refused("annotated_videos_missing") as caught:
        read_videos(file, tmp_path)
    assert caught.value.fields["files"] == ["a.mp4"]
    videos, missing = read_videos(file, tmp_path, allow_missing=True)
    assert [video.name for video in videos] == ["b.mp4"]
    assert missing == ["a.mp4"]
    (tmp_path / "b.mp4").unlink()
    with refused("annotated_videos_missing"):
        read_videos(file, tmp_path, allow_missing=True)
