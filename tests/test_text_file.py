"""text_file.py: what is no text file of a sane size is refused unread; lines end where lines end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vlret.errors import UsageError
from vlret.text_file import read_text, split_lines


def test_lines_end_in_lf_cr_or_nul_only():
    assert split_lines("a\u2028b\r\nc\rd\x0c\n\ne") == [
        (1, "a\u2028b"),
        (2, "c"),
        (3, "d\x0c"),
        (4, ""),
        (5, "e"),
    ]
    assert split_lines("a\nb\0c\r\0") == [(1, "a\nb"), (2, "c\r"), (3, "")]


def test_what_is_no_file_of_text_is_refused(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "fifo")
    for name in ("fifo", ".", "none", "nul\0"):
        with pytest.raises(UsageError):
            read_text(tmp_path / name)
    with pytest.raises(UsageError, match="regular file"):
        read_text(Path("/dev/zero"))
    monkeypatch.setattr("vlret.text_file.MOST_BYTES", 3)
    (tmp_path / "long.txt").write_text("four")
    with pytest.raises(UsageError, match="longer than"):
        read_text(tmp_path / "long.txt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_encodings(tmp_path, encoding):
    (tmp_path / "a.txt").write_bytes("Ñandú\r\n🦤".encode(encoding))
    assert read_text(tmp_path / "a.txt") == "Ñandú\r\n🦤"


@pytest.mark.parametrize(
    "data", [b"a\nb\xff", "cat".encode("utf-16"), "cat\n".encode("utf-16-le"), "cat\n".encode("utf-16-be")]
)
def test_other_encodings_are_refused(tmp_path, data):
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(UsageError, match="not UTF-8"):
        read_text(tmp_path / "a.txt")
