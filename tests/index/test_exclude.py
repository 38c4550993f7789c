"""Files that an index leaves out, and remembers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.index.stand_in import CircleEmbedder, write_text_video
from tests.refusal import refused
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.index.store import Store

pytestmark = pytest.mark.usefixtures("text_pool")


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    for number, name in enumerate(["a.mp4", "b.mov", "private/c.mp4", "private/deep/d.mp4"]):
        write_text_video(tmp_path / "videos" / name, number)
    return tmp_path / "videos"


def names(folder: Path) -> list[str]:
    return sorted(Path(path).name for path in Index.open(folder).rows()["path"])


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        ("private", ["a.mp4", "b.mov"]),
        (["private/*"], ["a.mp4", "b.mov"]),
        (["*/private/?.mp4", "*.mov"], ["a.mp4", "d.mp4"]),
        ([], ["a.mp4", "b.mov", "c.mp4", "d.mp4"]),
    ],
)
def test_files_that_match_are_left_out(videos, folder, exclude, left) -> None:
    report = build_index(videos, folder, CircleEmbedder(), exclude=exclude)
    assert names(folder) == left
    assert (report.found, report.new, report.excluded) == (len(left), len(left), 4 - len(left))
    assert ("excluded" in str(report)) == bool(exclude)


def test_the_index_remembers_until_it_is_told_otherwise(videos, folder) -> None:
    build_index(videos, folder, CircleEmbedder(), exclude=["private"])
    assert Index.open(folder).info()["exclude"] == ["private"]
    assert build_index(videos, folder, CircleEmbedder()).excluded == 2
    assert build_index(videos, folder, CircleEmbedder(), exclude="deep").new == 1
    assert names(folder) == ["a.mp4", "b.mov", "c.mp4"]
    assert build_index(videos, folder, CircleEmbedder(), exclude=[]).new == 1
    assert Index.open(folder).info()["exclude"] == []


def test_clips_of_files_excluded_later_stay(videos, folder) -> None:
    build_index(videos, folder, CircleEmbedder())
    report = build_index(videos, folder, CircleEmbedder(), exclude=["private"], prune=True)
    assert (report.dropped, report.excluded) == (0, 2)
    assert len(names(folder)) == 4
    assert Store(folder).read_manifest().exclude == ("private",)


def test_an_index_of_an_older_vlret_excludes_nothing(videos, folder) -> None:
    build_index(videos, folder, CircleEmbedder())
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(
        text.replace('"exclude"', '"other"').replace('"annotations"', '"another"')
    )
    manifest = Store(folder).read_manifest()
    assert (manifest.exclude, manifest.annotations) == ((), None)


def test_an_empty_pattern_is_refused(videos, folder) -> None:
    with refused("bad_path_filter"):
        build_index(videos, folder, CircleEmbedder(), exclude=[""])
    assert not folder.exists()
