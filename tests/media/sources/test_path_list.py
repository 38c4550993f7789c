from __future__ import annotations

import os
from pathlib import Path

import pytest

from vlret.errors import UsageError
from vlret.media.sources.path_list import read_path_list


def listed(path: Path, data: str | bytes) -> list[str]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_path_list(path)


def test_a_text_has_a_path_a_line(tmp_path: Path):
    text = "\ufeffa.mp4\r\n# comment\n\nform\ffeed.mp4\nnext\x85line.mp4\nu\u2028.mp4"
    names = ["a.mp4", "form\ffeed.mp4", "next\x85line.mp4", "u\u2028.mp4"]
    assert listed(tmp_path / "list.txt", text) == names


def test_nul_separates_names_that_may_hold_anything(tmp_path: Path):
    data = b"line\nbreak.mp4\0# no comment.mp4\0caf\xe9.mp4\0 blank .mp4\0"
    names = ["line\nbreak.mp4", "# no comment.mp4", os.fsdecode(b"caf\xe9.mp4"), " blank .mp4"]
    assert listed(tmp_path / "list.txt", data) == names


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", 'caption,path\n"a dog, running",a.mp4\nnone,\n"two\nlines","new\nline.mp4"\n'),
        ("t.csv", 'Caption;Path\r\n"a dog; running";a.mp4\r\n"two\r\nlines";"new\nline.mp4"\r\n'),
        ("t.tsv", 'caption\tfile\na dog\ta.mp4\n\t\nshort\nx\t"new\nline.mp4"\n'),
        ("t.csv", 'a.mp4\n"new\nline.mp4"\n'),
        ("t.json", '["a.mp4", "new\\nline.mp4"]'),
        ("t.jsonl", '{"path": "a.mp4"}\n{"path": "new\\nline.mp4"}'),
        ("t.yaml", '- video: a.mp4\n- video: "new\\nline.mp4"\n'),
        ("t.csv", 'video|caption\na.mp4|a dog\n"new\nline.mp4"|x\n'),
    ],
)
def test_a_table_has_a_column_of_paths(tmp_path: Path, name: str, text: str):
    assert listed(tmp_path / name, text) == ["a.mp4", "new\nline.mp4"]


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_a_pipe_or_device_is_refused_unread(tmp_path: Path, make):
    make(tmp_path / "list.txt")
    with pytest.raises(UsageError, match="is not a regular file"):
        read_path_list(tmp_path / "list.txt")


def test_a_list_of_absurd_size_is_refused(tmp_path: Path):
    with (tmp_path / "list.txt").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(UsageError, match="is larger than 256 MiB"):
        read_path_list(tmp_path / "list.txt")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("bad.txt", b"a.mp4\nb\xff.mp4\n", "line 2: this is not UTF-8 text"),
        ("bad.csv", b"path\nb\xff.mp4\n", "line 2: this is not UTF-8 text"),
        ("bad.txt", "a.mp4".encode("utf-16"), "is UTF-16 text"),
        ("bad.csv", b"name;label\na.mp4;dog\n", "has 2 columns without a known heading"),
        ("bad.csv", b"path,caption\na.mp4,\"x\n", "a quotation mark that opens here is not closed"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused(tmp_path: Path, name: str, data: bytes, message: str):
    with pytest.raises(UsageError, match=message):
        listed(tmp_path / name, data)
