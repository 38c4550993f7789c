"""`vlret.segment` on tiny videos of known colours, and on an index of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vlret
from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from vlret.errors import IndexFolderError, MediaError, UsageError
from vlret.index.build import build_index
from vlret.index.windows import Windows
from vlret.tasks.segment import cut


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10 s red, 6 s blue, 10 s green; and a red image."""
    folder = tmp_path_factory.mktemp("segments") / "library"
    colours = ["red"] * 5 + ["blue"] * 3 + ["green"] * 5
    write_video(folder / "v.mp4", colours, seconds_each=2)
    write_image(folder / "red.png", "red")
    return folder


def test_a_segment_begins_where_the_colour_changes(library: Path) -> None:
    segments = vlret.segment(library / "v.mp4", model=ColourEmbedder(), n_segments=3)
    assert [segment.path for segment in segments] == [str(library / "v.mp4")] * 3
    assert [segment.start for segment in segments] == pytest.approx([0, 10, 16], abs=0.51)
    assert [segment.end for segment in segments] == [*[segment.start for segment in segments[1:]], 26]
    assert [segment.midpoint for segment in segments] == pytest.approx([5, 13, 21], abs=0.51)
    colours = ColourEmbedder().embed_texts(["red", "blue", "green"])
    for segment, colour in zip(segments, colours, strict=True):
        assert segment.vector @ colour > 0.99
        assert segment.mean @ colour > 0.9
        assert np.linalg.norm(segment.mean) == pytest.approx(1)


def test_without_a_number_the_threshold_decides(library: Path) -> None:
    assert len(vlret.segment(library / "v.mp4", model=ColourEmbedder())) == 3
    assert len(vlret.segment(library / "v.mp4", model=ColourEmbedder(), threshold=100)) == 1


def test_several_files_in_order(library: Path) -> None:
    segments = vlret.segment([library / "red.png", library / "v.mp4"], model=ColourEmbedder(), n_segments=2)
    assert [Path(segment.path).name for segment in segments] == ["red.png", "v.mp4", "v.mp4"]
    assert (segments[0].start, segments[0].end, segments[0].midpoint) == (0, 0, 0)


@pytest.mark.parametrize("rule", ["window:2", "window:2:0.5"])
def test_clips_of_an_index_are_windows(library: Path, tmp_path: Path, rule: str) -> None:
    build_index(library, tmp_path / "index", ColourEmbedder(), clips=rule, progress=False)
    index = vlret.Index.open(tmp_path / "index")
    segments = [segment for segment in vlret.segment(index, n_segments=3) if segment.path.endswith("mp4")]
    assert segments == [
        s for s in vlret.segment(str(tmp_path / "index"), n_segments=3) if s.path.endswith("mp4")
    ]
    assert [segment.start for segment in segments] == pytest.approx([0, 10, 16], abs=0.51)
    rows = index.rows()
    for segment in segments:
        at = (rows["path"] == segment.path) & ((rows["start"] + rows["end"]) / 2 == segment.midpoint)
        np.testing.assert_array_equal(segment.vector, index.vectors()[at][0])
    if rule == "window:2:0.5":
        assert segments == vlret.segment(library / "v.mp4", model=ColourEmbedder(), n_segments=3)


def test_dropped_clips_are_no_windows(tmp_path: Path) -> None:
    for colours in (["green"], ["red", "blue"]):  # the rows of the first are dropped
        path = write_video(tmp_path / "media" / "v.mp4", colours, seconds_each=8)
        build_index(path, tmp_path / "index", ColourEmbedder(), clips="window:2", progress=False)
    segments = vlret.segment(tmp_path / "index")
    assert [(segment.start, segment.end) for segment in segments] == [(0, 8), (8, 16)]
    for segment, colour in zip(segments, ColourEmbedder().embed_texts(["red", "blue"]), strict=True):
        assert segment.vector @ colour > 0.99


def test_an_index_refuses_another_model(library: Path, tmp_path: Path) -> None:
    build_index(library / "red.png", tmp_path / "index", ColourEmbedder(), progress=False)
    assert len(vlret.segment(tmp_path / "index", model=ColourEmbedder())) == 1
    other = ColourEmbedder()
    other.card = replace(other.card, weights_hash="1" * 64)
    with pytest.raises(IndexFolderError) as error:
        vlret.segment(tmp_path / "index", model=other)
    assert error.value.code == "other_model"


def test_the_middle_window_is_the_nearest_to_the_middle_of_the_segment() -> None:
    starts = np.array([0, 1, 2, 8.0])
    vectors = np.eye(4, dtype=np.float32)
    segment = cut("v", Windows(starts, starts + 1, vectors, 9.0), n_segments=1)[0]
    assert segment.midpoint == 2.5  # the middle is 4.5
    assert segment.vector.tolist() == vectors[2].tolist()
    assert segment.mean == pytest.approx([0.5] * 4)


def test_files_need_a_model(library: Path) -> None:
    with pytest.raises(UsageError) as error:
        vlret.segment(library / "v.mp4")
    assert error.value.code == "no_model"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [({"n_segments": 0}, "not_a_count"), ({"n_segments": 1, "threshold": 1.0}, "n_segments_or_threshold"),
     ({"threshold": "much"}, "bad_segment_threshold"), ({"rate_hz": 0}, "not_positive")],
)  # fmt: skip
def test_arguments_are_checked(library: Path, arguments: dict[str, object], code: str) -> None:
    with pytest.raises(UsageError) as error:
        vlret.segment(library / "not_there.mp4", model=ColourEmbedder(), **arguments)
    assert error.value.code == code


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_text("no video")
    with pytest.raises(MediaError, match="broken"):
        vlret.segment(tmp_path / "broken.mp4", model=ColourEmbedder())
