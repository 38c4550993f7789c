"""Finding and reading annotation files: every damage is one clear error."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from vlret.datasets.files import (
    DatasetError,
    find,
    is_trimmed,
    parse_rows,
    read_json,
    read_lines,
    read_records,
    read_table,
    read_text,
    seconds_of,
)

from .conftest import Put


def test_find_prefers_whole_files_then_trimmed_ones(put: Put, tmp_path: Path):
    entry = "a.json | b.json"
    trimmed = put("a.first50.json", "[]")
    assert find(tmp_path, entry) == [trimmed]
    assert is_trimmed(tmp_path, trimmed, entry)
    whole = put("b.json", "[]")
    assert find(tmp_path, entry) == [whole]
    assert not is_trimmed(tmp_path, whole, entry)
    first = put("a.json", "[]")
    assert find(tmp_path, entry) == [first]


def test_find_takes_all_files_of_a_pattern(put: Put, tmp_path: Path):
    files = [put(f"parts/{name}.csv", "") for name in ("b", "a")]
    assert find(tmp_path, "parts/*.csv") == sorted(files)
    assert not is_trimmed(tmp_path, files[0], "parts/*.csv")


def test_find_names_all_that_would_do(tmp_path: Path):
    with pytest.raises(DatasetError) as caught:
        find(tmp_path / "nowhere", "a.json | b.json")
    assert "nowhere has no a.json and no b.json" in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.json", b"\xff\xfe{", "cannot be read"),
        ("a.json", b"", "is not JSON"),
        ("a.json", b'{"a": ', "is not JSON"),
        ("a.json", b"[" * 100_000, "is not JSON"),
        ("a.json", b"[1]", "has a list outermost, not a dict"),
        ("a.zip", b"PK no archive", "cannot be read"),
        ("a.gz", b"no archive", "cannot be read"),
        ("a.gz", gzip.compress(b"{}" * 100, mtime=0)[:-9], "cannot be read"),
    ],
)
def test_damaged_files_are_told_by_name(put: Put, name: str, content: bytes, told: str):
    file = put(name, content)
    with pytest.raises(DatasetError) as caught:
        read_json(file, dict)
    assert name in caught.value.message
    assert told in caught.value.message


@pytest.mark.parametrize("content", ["[1, 2]", '{"database": []}', "{}"])
def test_a_key_of_another_kind_is_told(put: Put, content: str):
    with pytest.raises(DatasetError, match=r"a.json has a \w+ under 'database', not a dict"):
        read_json(put("a.json", content), dict, "database")


def test_a_zip_without_json_is_told(put: Put):
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.txt", "x")
    with pytest.raises(DatasetError, match=r"a.zip cannot be read: no .json is in it"):
        read_text(put("a.zip", packed.getvalue()))


def test_a_missing_file_or_a_folder_in_its_place_is_told(tmp_path: Path):
    for path in (tmp_path / "nothing.json", tmp_path):
        with pytest.raises(DatasetError, match="cannot be read"):
            read_text(path)


def test_text_may_have_a_mark_and_any_line_ends(put: Put):
    assert read_lines(put("a.txt", b"\xef\xbb\xbfone\rtwo \r\n\n three\n")) == ["one", "two", "three"]


def test_records_are_a_list_or_lines(put: Put):
    assert read_records(put("a.json", '\n[{"a": 1}, {"a": 2}]')) == [{"a": 1}, {"a": 2}]
    # U+2028 may stand in a JSON string and ends no line
    assert read_records(put("b.json", '{"a": "x\u2028y"}\n\n{"a": 2}\n')) == [{"a": "x\u2028y"}, {"a": 2}]
    with pytest.raises(DatasetError, match=r"c.json, line 3 is not JSON"):
        read_records(put("c.json", '{"a": 1}\n\n{"a": \n'))


def test_a_table_needs_its_columns_and_keeps_quoted_line_breaks(put: Put):
    file = put("a.csv", 'x,y\n"1\n2",3\n')
    assert read_table(file, ("y", "x")) == [{"x": "1\n2", "y": "3"}]
    with pytest.raises(DatasetError, match=r"a.csv has the columns x, y. It needs x, z."):
        read_table(file, ("x", "z"))
    huge = "9" * 200_000
    with pytest.raises(DatasetError, match=r"b.csv, line 1: field larger"):
        read_table(put("b.csv", f"{huge}\n"), ("x",))
    with pytest.raises(DatasetError, match=r"b.csv, line 2: field larger"):
        read_table(put("b.csv", f"x\n{huge}\n"), ("x",))


def test_a_strict_table_names_the_line_of_an_open_quotation_mark(put: Put):
    file = put("a.csv", 'x,y\n"1\n2",3\n4,"5\n6,7\n')
    assert len(read_table(file, ("x", "y"))) == 2
    with pytest.raises(
        DatasetError, match=r"a.csv, line 4: a quotation mark that opens in this row is not closed"
    ):
        read_table(file, ("x", "y"), strict=True)


@pytest.mark.parametrize("row", [{}, [], None, 3, {"a": None}, {"a": "x"}])
def test_a_row_of_another_form_is_told_by_number(tmp_path: Path, row: object):
    with pytest.raises(DatasetError, match=r"some.json, row 2: "):
        parse_rows(tmp_path / "some.json", [{"a": 1}, row], lambda value: int(value["a"]))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(3, 3.0), ("1.5", 1.5), ("00:01:01.56", 61.56), ("2:00", 120.0), ("01:00:00", 3600.0)],
)
def test_seconds(value: object, seconds: float):
    assert seconds_of(value) == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["", None, "nan", "inf", -1, "1:x"])
def test_no_seconds(value: object):
    with pytest.raises(ValueError, match=r"."):
        seconds_of(value)
