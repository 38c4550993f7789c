"""label_list.py: labels from a line, .txt, .csv and .json."""

from __future__ import annotations

import pytest

from vlret.errors import UsageError
from vlret.tasks.label_list import read_labels


@pytest.mark.parametrize(
    ("name", "text", "labels"),
    [
        ("a.txt", "cat\n\n  red_car \nwell, yes\n", ["cat", "red_car", "well, yes"]),
        ("a.txt", "\ufeffcat\r\ndog\r\n", ["cat", "dog"]),
        ("names", "cat\ndog", ["cat", "dog"]),
        ("a.csv", "id,label\n1,cat\n2,\"dog, big\"\n3\n", ["cat", "dog, big"]),
        ("a.csv", "cat\ndog\n", ["cat", "dog"]),
        ("a.CSV", "Name\ncat\n", ["cat"]),
        ("a.json", '["cat", "Ñandú"]', ["cat", "Ñandú"]),
    ],
)  # fmt: skip
def test_reads_files(tmp_path, name, text, labels):
    (tmp_path / name).write_text(text, "utf-8")
    assert read_labels(str(tmp_path / name)) == labels


def test_reads_a_line():
    assert read_labels("cat, dog ,,car") == ["cat", "dog", "car"]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.txt", "\n \n", "holds no label"),
        ("a.csv", "", "holds no label"),
        ("a.csv", "a,b\n1,2\n", "several columns"),
        ("a.json", '{"a": 1}', "not a list"),
        ("a.json", "[1]", "not a list"),
        ("a.json", "[", "not JSON"),
    ],
)
def test_refuses_files_without_labels(tmp_path, name, text, reason):
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(UsageError, match=reason):
        read_labels(str(tmp_path / name))


def test_refuses_a_binary_and_a_missing_file(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="UTF-8"):
        read_labels(str(tmp_path / "a.txt"))
    with pytest.raises(UsageError, match="is not there"):
        read_labels("nowhere.txt")


@pytest.mark.parametrize("text", ["", ",", " , "])
def test_refuses_an_empty_line(text):
    with pytest.raises(UsageError, match="holds no label"):
        read_labels(text)
