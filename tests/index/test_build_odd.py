"""An index run over folders of good and bad files: every file is counted, each bad one with its reason."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ColourEmbedder
from tests.media.odd import MAKERS
from tests.media.test_odd import REFUSED
from tests.media.test_robustness import DAMAGED, REASONS
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.index.report import BuildReport
from vlret.types import SkippedFile

PARTIAL = {
    "damaged.mp4": "damaged after 2.2 s",
    "lost.mkv": "damaged after 2.2 s",
    "two_streams.mkv": "2 video streams, one is read",
    "cut.jpg": "damaged: the end of the file is missing",
}
PASSED_OVER = {
    "._constant.mp4": "macOS metadata file",
    ".hidden.mp4": "hidden",
    "new.mp4.part": "incomplete file",
    "@eaDir": "system directory",
}


def reasons(files: tuple[SkippedFile, ...]) -> dict[str, str]:
    return {file.path.name: file.reason for file in files}


def counted(folder: Path, index: Path, clips: str = "auto") -> BuildReport:
    """The report of a first run; a second one must find the same and encode nothing."""
    model = ColourEmbedder()
    first = build_index(folder, index, model, clips, workers=2, progress=False)
    model.n_clips_seen = 0
    second = build_index(folder, index, model, clips, progress=False)
    assert first.found == first.new + first.unchanged + len(first.skipped)
    assert second.found == first.found == second.unchanged + len(second.skipped)
    assert (second.unchanged, model.n_clips_seen) == (first.new, 0)
    assert reasons(second.skipped) == reasons(first.skipped)
    assert {file.path for file in Index.open(index).skipped} == {file.path for file in first.skipped}
    return first


@pytest.mark.parametrize("clips", ["auto", "meaning"])
def test_every_odd_file_is_indexed_or_skipped_with_its_reason(
    odd: Callable[[str], Path], tmp_path: Path, clips: str
) -> None:
    library = tmp_path / "library"
    (library / "@eaDir").mkdir(parents=True)
    for name in MAKERS:
        os.link(odd(name), library / name)
    for name in PASSED_OVER.keys() - {"@eaDir"}:
        (library / name).write_bytes(b"\0" * 100)
    report = counted(library, tmp_path / "index", clips)
    refused = {row[0]: row[5] for row in REFUSED if row[0] != "cover.mp3"}  # no media suffix: not looked at
    assert reasons(report.skipped) == refused | PASSED_OVER
    assert report.found == len(MAKERS) - 1 + len(PASSED_OVER)
    assert reasons(report.partial) == PARTIAL
    good = MAKERS.keys() - refused.keys() - {"cover.mp3"}
    assert set(Index.open(tmp_path / "index").rows()["relative_path"]) == good


@pytest.mark.data
def test_the_robustness_files_are_indexed_or_skipped_as_listed(data_dir: Path, tmp_path: Path) -> None:
    library = data_dir / "videos" / "robustness" / "files"
    report = counted(library, tmp_path / "index")
    assert reasons(report.skipped) == {Path(name).name: reason for name, reason in REASONS.items()}
    assert report.found == len(list(library.iterdir())) == 42
    assert reasons(report.partial) == {
        Path(DAMAGED).name: "damaged after 2.8 s",
        "nasa_13013.mp4": "2 video streams, one is read",
    }
