"""The forms of tables, and errors that name the file and the row."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.refusal import refused
from tests.training.pairs.media import png, write_table, write_tar
from vlret.errors import UsageError
from vlret.training.pairs.row import Row
from vlret.training.pairs.tables import is_table, read_table

ROWS = [
    {"path": "a.mp4", "caption": "a dog, running", "start": 1.5, "end": 2.5, "split": "train"},
    {"path": "b/c.jpg", "caption": "ein Hündchen", "start": None, "end": None, "split": "dev"},
]


def read(file: Path) -> list[Row]:
    return list(read_table(str(file)))


def code_of(file: Path) -> str:
    with pytest.raises(UsageError) as caught:
        read(file)
    assert str(file) in caught.value.message
    return caught.value.code


def check_rows(rows: list[Row], folder: Path) -> None:
    assert [row.media.location for row in rows] == [str(folder / "a.mp4"), str(folder / "b/c.jpg")]
    assert [row.media.name for row in rows] == ["a.mp4", "b/c.jpg"]
    assert [(row.media.start, row.media.end) for row in rows] == [(1.5, 2.5), (0.0, math.inf)]
    assert [row.pairs for row in rows] == [(("", "a dog, running"),), (("", "ein Hündchen"),)]
    assert [row.split for row in rows] == ["train", "dev"]


CSV = 'path,caption,start,end,split\na.mp4,"a dog, running",1.5,2.5,train\nb/c.jpg,ein Hündchen,,,dev\n'
SEMICOLONS = "Path;Caption;Start;End;Split\na.mp4;a dog, running;1.5;2.5;train\nb/c.jpg;ein Hündchen;;;dev\n"
TABS = CSV.replace('"a dog, running"', "a dog; running").replace(",", "\t").replace(";", ",")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.csv", CSV.encode()),
        ("t.csv", CSV.replace("\n", "\r\n").encode("utf-8-sig")),
        ("t.csv", SEMICOLONS.encode()),
        ("t.tsv", TABS.encode()),
        ("t.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("t.jsonl", "\n\n".join(map(json.dumps, ROWS)).encode()),
        ("T.JSONL.gz", gzip.compress("\n".join(map(json.dumps, ROWS)).encode(), mtime=0)),
    ],
)
def test_all_text_forms_give_the_same_rows(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert is_table(name)
    check_rows(read(tmp_path / name), tmp_path)


def test_parquet_gives_the_same_rows(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "t.parquet")
    check_rows(read(tmp_path / "t.parquet"), tmp_path)


def test_lists_and_nulls_of_parquet(tmp_path: Path) -> None:
    rows = [{"video": "a.mp4", "captions": ["x", "y"]}, {"video": "b.mp4", "captions": None}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    assert [row.pairs for row in read(tmp_path / "t.parquet")] == [(("", "x"), ("", "y")), (("", ""),)]


def test_absolute_paths_and_addresses(tmp_path: Path) -> None:
    names = ["/data/a.mp4", "https://host/b.mp4", "s3://bucket/c.mp4", "../d.mp4"]
    write_table(tmp_path / "sub" / "t.jsonl", [{"url": name, "text": "x"} for name in names])
    assert [row.media.location for row in read(tmp_path / "sub" / "t.jsonl")] == [
        *names[:3], str(tmp_path / "d.mp4"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_rows"),
        ("\n\n", "no_rows"),
        ('{"caption": "a"}', "column_missing"),
        ('{"path": "a.mp4"}', "column_missing"),
        ('{"path": "a.mp4", "answer": "x"}', "column_missing"),
        ('{"path": "a.mp4", "caption": 3}', "table_row"),
        ('{"path": "a.mp4", "caption": "x"}\n{"path": "b.mp4"}', "table_row"),
        ('{"path": "", "caption": "x"}', "table_row"),
        ('{"path": null, "caption": "x"}', "table_row"),
        ('{"path": "a.mp4", "caption": "x", "start": 3, "end": 2}', "table_row"),
        ('{"path": "a.mp4", "caption": "x", "split": 1}', "table_row"),
        ("[1]", "table_row"),
        ("{", "table_row"),
        ("[" * 100_000, "table_row"),
    ],
)
def test_json_lines_that_cannot_be_trained_on(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "t.jsonl").write_text(text)
    assert code_of(tmp_path / "t.jsonl") == code


def test_an_error_names_the_line(tmp_path: Path) -> None:
    write_table(tmp_path / "t.jsonl", [{"path": "a.mp4", "caption": "x"}, {"path": "b.mp4"}])
    with pytest.raises(UsageError, match="line 2"):
        read(tmp_path / "t.jsonl")
    (tmp_path / "t.csv").write_text("path,caption,start\na.mp4,x,\nb.mp4,y,later\n")
    with pytest.raises(UsageError, match="line 3"):
        read(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("t.csv", b"a.mp4,a dog\n", "no_rows"),
        ("t.csv", b"a.mp4,a dog\nb.mp4,a cat\n", "column_missing"),
        ("t.csv", b'path,caption\na.mp4,"never closed\n', "table_row"),
        ("t.csv", b"path,caption\na.mp4,\xff\xfe\n", "table_row"),
        ("t.csv", b"path,caption,split\na.mp4,a dog, a cat,train\n", "table_row"),
        ("t.csv.gz", gzip.compress(b"path,caption\na.mp4,x\n" * 999, mtime=0)[:-20], "table_row"),
        ("t.csv.gz", b"no gzip", "file_unreadable"),
        ("t.parquet", b"PAR1 and then nothing", "table_row"),
    ],
)
def test_damaged_tables(tmp_path: Path, name: str, data: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert code_of(tmp_path / name) == code


def test_empty_cells_behind_the_last_column_and_a_column_without_heading_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(",path,caption\n0,a.mp4,a dog,,\n")
    assert read(tmp_path / "t.csv")[0].pairs == (("", "a dog"),)


def test_a_missing_table(tmp_path: Path) -> None:
    assert code_of(tmp_path / "none.csv") == "file_missing"


def test_a_table_at_an_address_names_media_beside_it_and_none_of_this_machine() -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/set/t.jsonl", b'{"path": "clips/a.mp4", "caption": "x"}')
    assert next(read_table("memory://set/t.jsonl")).media.location == "memory://set/clips/a.mp4"
    memory.pipe("/set/bad.jsonl", b'{"path": "/etc/passwd", "caption": "x"}')
    with refused("local_path_in_remote_table"):
        list(read_table("memory://set/bad.jsonl"))


def test_media_in_tars_beside_the_table(tmp_path: Path) -> None:
    write_tar(tmp_path / "s.tar", {"a.png": png(1), "b.png": png(2)})
    rows = [{"image": name, "shard": "s.tar", "caption": "x"} for name in ("b.png", "gone.png")]
    found, lost = read(write_table(tmp_path / "t.jsonl", rows))
    data = (tmp_path / "s.tar").read_bytes()
    assert data[found.media.offset :][: found.media.size] == png(2)
    assert (lost.pairs, lost.problem) == ((), "media file that is not in its tar")
