from __future__ import annotations

from pathlib import Path

import pytest

from vlret.media.parts import is_cut_off, part_starts

HUGE = {
    "matroska": b"\x1a\x45\xdf\xa3\x01" + b"\xfe" * 7,
    "mp4": b"\0\0\0\1ftyp" + b"\xff" * 8,
    "avi": b"RIFF\xff\xff\xff\xffAVI ",
}


@pytest.mark.parametrize("kind", HUGE)
def test_a_size_that_no_file_can_have(kind: str, tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(HUGE[kind] + bytes(100))
    assert part_starts(path, kind) == [0]
    assert is_cut_off(path, kind)
