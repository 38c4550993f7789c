"""`build_index` with the real decode pool on real, tiny media."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from vlret.errors import UsageError
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.types import Clip


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three good videos, an image, a damaged one, a text named .mp4 and a hidden file."""
    folder = tmp_path_factory.mktemp("media") / "library"
    write_video(folder / "red.mp4", ["red"])
    write_video(folder / "sub" / "green.mkv", ["green"])
    write_video(folder / "both.mp4", ["blue", "grey"], seconds_each=2)
    write_image(folder / "photo.png", "red")
    cut = write_video(folder / "cut.mkv", ["grey", "red", "green", "blue"], seconds_each=2)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    (folder / "broken.mp4").write_text("this is no video")
    (folder / "._red.mp4").write_bytes(b"\0" * 10)
    return folder


@pytest.fixture(scope="module")
def index(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("indexes") / "library"
    report = build_index(library, folder, ColourEmbedder(), clips="window:2", workers=2, progress=False)
    assert report.found == 7 == report.new + len(report.skipped)
    assert {file.path.name for file in report.skipped} == {"broken.mp4", "._red.mp4"}
    assert all("\n" not in file.reason and str(library) not in file.reason for file in report.skipped)
    assert report.clips == len(Index.open(folder))
    return Index.open(folder)


@pytest.mark.parametrize(
    ("colour", "name", "start"), [("green", "green.mkv", 0), ("blue", "both.mp4", 0), ("grey", "both.mp4", 2)]
)
def test_a_colour_finds_its_clip(index: Index, colour: str, name: str, start: float) -> None:
    hits = index.search(ColourEmbedder().embed_texts([colour]), k=9, only="*[!t].m*")[0]
    assert (Path(hits[0].path).name, hits[0].start) == (name, start)
    assert hits[0].score > 0.99


def test_an_image_is_a_clip_without_end(index: Index) -> None:
    row = index.rows().set_index("relative_path").loc["photo.png"]
    assert (row["start"], row["end"]) == (0, 0)
    assert index.resolve(row["clip_id"]) == Clip(Path(row["path"]))


def test_windows_have_their_times(index: Index) -> None:
    rows = index.rows()
    both = rows[rows["relative_path"] == "both.mp4"]
    assert list(zip(both["start"], both["end"], strict=True)) == [(0, 2), (2, pytest.approx(4))]


def test_a_damaged_video_is_named_and_its_good_clips_are_kept(library: Path, tmp_path: Path) -> None:
    report = build_index(library / "cut.mkv", tmp_path / "index", ColourEmbedder(), clips="window:2")
    assert (report.new, len(report.skipped)) == (1, 0)
    assert 1 <= report.clips < 4
    hits = Index.open(tmp_path / "index").search(ColourEmbedder().embed_texts(["grey"]))[0]
    assert hits[0].score > 0.99
    assert [file.path.name for file in report.partial] in ([], ["cut.mkv"])


def test_a_run_without_workers_is_refused_before_anything_is_written(library: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="0 decoding workers"):
        build_index(library, tmp_path / "index", ColourEmbedder(), workers=0)
    assert not (tmp_path / "index").exists()


def test_the_bar_is_silent_where_stderr_is_no_terminal(library: Path, tmp_path: Path, capfd) -> None:
    build_index(library / "red.mp4", tmp_path / "index", ColourEmbedder())
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
