"""The changed copies that duplicates are measured with."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.duplicates.copies import KINDS, read_frames, write_copy
from tests.tasks.duplicates.moving import FPS, pictures, write


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_has_the_size_and_length_of_its_kind(kind: str, tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp4", pictures(1, 5))
    write_copy(source, tmp_path / "copy.mp4", kind)
    frames, rate = read_frames(tmp_path / "copy.mp4")
    side = {"cropped 10%": 58, "cropped 20%": 52, "half size": 32, "all but mirrored": 34}.get(kind, 64)
    assert frames[0].shape == (side, side, 3)
    assert len(frames) == (40 if "trim" not in kind and kind != "all but mirrored" else 40 - 14 - 8)
    assert rate == FPS
