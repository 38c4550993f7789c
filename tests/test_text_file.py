"""text_file.py: only regular UTF-8 files of limited size are read; lines end where lines end."""

from __future__ import annotations

import os

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


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("fifo", "not_a_file"),
        (".", "not_a_file"),
        ("/dev/zero", "not_a_file"),
        ("none", "file_missing"),
        ("nul\0", "file_unreadable"),
        ("long.txt", "file_too_large"),
    ],
)
def test_only_regular_files_of_limited_size_are_read(tmp_path, monkeypatch, name, code):
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.setattr("vlret.text_file.MOST_BYTES", 3)
    (tmp_path / "long.txt").write_text("four")
    with pytest.raises(UsageError) as error:
        read_text(tmp_path / name)
    assert (error.value.code, error.value.fields["path"]) == (code, tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_encodings(tmp_path, encoding):
    (tmp_path / "a.txt").write_bytes("Ñandú\r\n🦤".encode(encoding))
    assert read_text(tmp_path / "a.txt") == "Ñandú\r\n🦤"


@pytest.mark.parametrize(
    "data", [b"a\nb\xff", "cat".encode("utf-16"), "cat\n".encode("utf-16-le"), "cat\n".encode("utf-16-be")]
)
def test_other_encodings_are_refused(tmp_path, data):
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(UsageError) as error:
        read_text(tmp_path / "a.txt")
    assert error.value.code == "not_utf8"
