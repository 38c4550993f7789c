"""label_table.py: labels on disk as CSV, Parquet and JSONL."""

from __future__ import annotations

import csv
import json

import pandas as pd
import pyarrow.parquet as pq
import pytest

from vlret.errors import UsageError
from vlret.reports.label_table import check_table, write_table
from vlret.tasks.label_list import read_labels
from vlret.types import Label, LabelScore

ITEMS = [
    Label("/v/a,b.mp4", 0.0, 10.0, 'say "x"', 0.5, 0.75, 0.25, (LabelScore('say "x"', 0.5, 0.75),)),
    Label("/v/ü.png", 0.0, None, "unknown", 0.25, 0.5, 0.0, (LabelScore("café", 0.25, 0.5),)),
]


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".parquet", ".jsonl"])
def test_a_table_comes_back_as_it_went(tmp_path, suffix):
    path = tmp_path / "new" / f"labels{suffix}"
    write_table(path, ITEMS)
    readers = {
        ".csv": pd.read_csv,
        ".parquet": pd.read_parquet,
        ".jsonl": lambda p: pd.DataFrame([json.loads(line) for line in p.read_text().splitlines()]),
    }
    table = readers[suffix.lower()](path)
    assert table["path"].tolist() == ["/v/a,b.mp4", "/v/ü.png"]
    assert table["label"].tolist() == ['say "x"', "unknown"]
    assert table["probability"].tolist() == [0.75, 0.5]
    assert table["end"].isna().tolist() == [False, True]
    if suffix in (".parquet", ".jsonl"):
        assert [dict(one) for one in table["top"][1]] == ITEMS[1].to_json()["top"]


def test_a_csv_holds_no_formula(tmp_path):
    odd = '=HYPERLINK("http://x","y")'
    rows = [
        Label(path, 0.0, 1.0, label, -0.5, 0.5, 0.25, ())
        for path, label in [("-x\n.mp4", odd), ("/=a", "@cat")]
    ]
    write_table(tmp_path / "a.csv", rows)
    with (tmp_path / "a.csv").open(newline="") as file:
        cells = [(row["path"], row["label"], row["score"]) for row in csv.DictReader(file)]
    assert cells == [("'-x\n.mp4", f"'{odd}", "-0.5"), ("/=a", "'@cat", "-0.5")]


def test_no_label_still_gives_the_columns(tmp_path):
    write_table(tmp_path / "a.csv", [])
    assert (tmp_path / "a.csv").read_text() == "path,start,end,label,score,probability,margin\n"


def test_other_suffixes_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"\.csv, \.parquet, \.jsonl") as error:
        check_table(tmp_path / "a.xlsx")
    assert error.value.code == "unknown_table_type"


NAMES = [
    "a\rb", "c\nd", "e\r\nf", "NA", "null", "", '"q"', "x,y", " lead", "trail ", "\u2028z", "\x85n", "\x0cff",
    "\x00nul", "\ufeffbom", "tab\tx", "ä", "猫",
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_odd_labels_and_names_come_back_as_they_were(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_table(path, [Label(f"/v/{name}.mp4", 0.0, 1.5, name, 0.1, 0.5, 0.25, ()) for name in NAMES])
    if suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    elif suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    else:
        rows = pq.read_table(path).to_pylist()
    assert [(row["path"], row["label"]) for row in rows] == [(f"/v/{name}.mp4", name) for name in NAMES]
    assert {float(row["end"]) for row in rows} == {1.5}
    assert {float(row["score"]) for row in rows} == {0.1}


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_a_name_that_is_not_utf8_is_escaped(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_table(
        path,
        [Label("/v/\udcff.mp4", 0.0, None, "\udce4", 0.1, 0.5, 0.25, (LabelScore("\udce4", 0.5, 0.75),))],
    )
    assert rb"\udcff" in path.read_bytes()


@pytest.mark.parametrize("labels", [[], ITEMS])
def test_the_types_of_a_parquet_table_do_not_depend_on_its_rows(tmp_path, labels):
    write_table(tmp_path / "a.parquet", labels)
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert [str(schema.field(name).type) for name in ("path", "end", "label")] == [
        "string",
        "double",
        "string",
    ]
    assert schema.names == ["path", "start", "end", "label", "score", "probability", "margin", "top"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_vlret_reads_its_own_tables_as_lists_of_labels(tmp_path, suffix):
    names = [
        "=1+1",
        "-5",
        "+1",
        "@home",
        "'quoted'",
        "NA",
        "null",
        'say "x"',
        "a,b",
        "a;b",
        "café",
        "猫",
        "1",
    ]
    write_table(
        tmp_path / f"a{suffix}",
        [Label(f"/v/{n}.mp4", 0.0, 1.5, name, 0.1, 0.5, 0.25, ()) for n, name in enumerate(names)],
    )
    assert read_labels(str(tmp_path / f"a{suffix}")) == names
