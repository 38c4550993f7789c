"""`--clips meaning`: rows like those of any other rule, cut where the colour changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from vlret.errors import IndexFolderError, UsageError
from vlret.index import encode_files
from vlret.index.build import build_index
from vlret.index.encode_shard import FilePart, ShardSpec, encode_shard
from vlret.index.index import Index
from vlret.index.meaning import full_rule
from vlret.segmentation.spans import THRESHOLD
from vlret.tasks.segment import segment


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10 s red, 6 s blue, 10 s green; 6 s grey; an image; a text named .mp4."""
    folder = tmp_path_factory.mktemp("meaning") / "library"
    write_video(folder / "three.mp4", ["red"] * 5 + ["blue"] * 3 + ["green"] * 5, seconds_each=2)
    write_video(folder / "grey.mp4", ["grey"] * 3, seconds_each=2)
    write_image(folder / "red.png", "red")
    (folder / "broken.mp4").write_text("this is no video")
    return folder


def build(library: Path, folder: Path, clips: str = "meaning", **arguments: object):
    return build_index(library, folder, ColourEmbedder(), clips=clips, progress=False, **arguments)


@pytest.fixture(scope="module")
def index(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("indexes") / "library"
    report = build(library, folder)
    assert (report.new, report.clips, [file.path.name for file in report.skipped]) == (3, 5, ["broken.mp4"])
    return Index.open(folder)


def test_a_video_is_cut_where_segments_begin(index: Index, library: Path) -> None:
    rows = index.rows()
    three = rows[rows["relative_path"] == "three.mp4"].sort_values("start")
    assert three["start"].tolist() == pytest.approx([0, 10, 16], abs=0.51)
    assert three["end"].tolist() == [*three["start"][1:], 26]
    found = segment(library / "three.mp4", model=ColourEmbedder())
    assert three["start"].tolist() == [segment.start for segment in found]


def test_what_does_not_change_is_one_clip(index: Index) -> None:
    rows = index.rows().set_index("relative_path")
    assert (rows.loc["grey.mp4", "start"], rows.loc["grey.mp4", "end"]) == (0, 6)
    assert (rows.loc["red.png", "start"], rows.loc["red.png", "end"]) == (0, 0)


def test_vectors_are_those_of_the_clips(index: Index) -> None:
    clips = [index.resolve(clip_id) for clip_id in index.rows()["clip_id"]]
    np.testing.assert_allclose(index.vectors(), ColourEmbedder().embed_clips(clips), atol=1e-3)  # float16


def test_the_reason_for_a_broken_file_is_that_of_any_rule(
    index: Index, library: Path, tmp_path: Path
) -> None:
    report = build(library / "broken.mp4", tmp_path / "auto", clips="auto")
    assert [file.reason for file in index.skipped] == [file.reason for file in report.skipped]


def test_the_recipe_names_the_threshold_and_a_second_run_changes_nothing(
    library: Path, tmp_path: Path
) -> None:
    build(library, tmp_path / "index")
    assert Index.open(tmp_path / "index").recipe.clips == f"meaning:{THRESHOLD}"
    for rule in ("meaning", f"meaning:{THRESHOLD}"):
        report = build(library, tmp_path / "index", rule)
        assert (report.new, report.unchanged, report.dropped) == (0, 3, 0)
    with pytest.raises(IndexFolderError) as error:
        build(library, tmp_path / "index", "meaning:500")
    assert error.value.code == "other_recipe"


def test_a_changed_file_is_cut_again(tmp_path: Path) -> None:
    path = write_video(tmp_path / "library" / "v.mp4", ["red", "blue"], seconds_each=8)
    assert build(path.parent, tmp_path / "index").clips == 2
    write_video(path, ["red", "blue", "green"], seconds_each=8)
    report = build(path.parent, tmp_path / "index")
    assert (report.new, report.clips, report.dropped) == (1, 3, 2)
    assert len(Index.open(tmp_path / "index")) == 3


def test_the_threshold_decides_how_many_clips_there_are(library: Path, tmp_path: Path) -> None:
    assert build(library / "three.mp4", tmp_path / "one", "meaning:100").clips == 1
    assert build(library / "three.mp4", tmp_path / "many", "meaning:0").clips == 49  # each window


def test_groups_of_files_are_cut_and_encoded_in_turn(library: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(encode_files, "CUT_AT_ONCE", 1)
    report = build(library, tmp_path / "index", workers=2)
    assert (report.new, report.clips, len(report.skipped)) == (3, 5, 1)


def test_parts_of_a_file_in_a_shard_are_cut_as_the_whole_file(
    index: Index, library: Path, tmp_path: Path
) -> None:
    path = library / "three.mp4"
    parts = (FilePart(path, 0, 12), FilePart(path, 12), FilePart(library / "broken.mp4", 0, 5))
    marker = encode_shard(ShardSpec("part", parts, index.recipe), tmp_path, ColourEmbedder())
    assert [part.rows for part in marker.parts] == [2, 1, 0]
    assert marker.parts[2].reason == index.skipped[0].reason


@pytest.mark.parametrize(
    "rule", ["meaning:", "meaning:much", "meaning:-1", "meaning:nan", "meaningful", "meaning:1:2"]
)
def test_other_spellings_are_unknown(tmp_path: Path, library: Path, rule: str) -> None:
    with pytest.raises(UsageError) as error:
        build(library, tmp_path / "index", rule)
    assert error.value.code == "unknown_clip_rule"
    assert not (tmp_path / "index").exists()


def test_other_rules_are_left_as_they_are() -> None:
    assert full_rule("window:10") == "window:10"
    assert full_rule("meaning:2") == "meaning:2.0"
