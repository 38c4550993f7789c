"""The page, the table and the files of selective decoding."""

from __future__ import annotations

import csv
import json

import pytest

from vlret.evaluation.standalone.captions import Score
from vlret.evaluation.standalone.selective.headline import headlines
from vlret.evaluation.standalone.selective.result import Point, SelectiveProtocol, SelectiveResult
from vlret.reports.selective_page import selective_page, write_selective
from vlret.reports.selective_table import selective_table

ZERO = Score(0.0, -0.25, 0.5)


def point(method: str, value: float, decodes: int, setting: str = "interval_s", **more: float) -> Point:
    scores = {name: Score(20.0, 18.0, 22.0) for name in ("CIDEr", "embedding", "SODA")}
    differences = {"CIDEr": ZERO, "embedding": ZERO}
    return Point(
        method, setting, value, decodes, decodes, 100 / decodes, scores, differences, 12.5, 0.25, **more
    )


@pytest.fixture
def result() -> SelectiveResult:
    points = (
        point("uniform", 1.0, 100), point("uniform", 10.0, 10), point("selective", 1.0, 100),
        point("selective", 8.0, 12), point("online", 0.1, 25, "least_error", mean_delay_s=2.0, longest_delay_s=3.0),
        point("shot cuts", 27.0, 20, "threshold"),
    )  # fmt: skip
    about = {"name": "<mine>.csv", "videos": 2, "annotations": 9, "seconds": 100.0}
    return SelectiveResult(
        "2026-11-30T10:00:00+00:00", SelectiveProtocol(2.0, 2.0, 3.0), {"name": "model"}, "bank", about, {}, {},
        points, headlines(points),
    )  # fmt: skip


def test_the_headline_is_one_line(result):
    table = selective_table(result)
    (line,) = [line for line in table.splitlines() if line.startswith("selective: ")]
    assert line == (
        "selective: 8.3 times fewer decodes than uniform at 1 Hz, one every 8.3 s; "
        "difference: CIDEr +0.0 (-0.2 to 0.5), embedding +0.0 (-0.2 to 0.5)."
    )


def test_a_row_for_each_point(result):
    head, *rows = selective_table(result).splitlines()
    assert head.split()[:3] == ["method", "setting", "s/decode"]
    assert len(rows[: rows.index("")]) == len(result.points)
    assert "2.0 s" in rows[4]


def test_the_page(result):
    page = selective_page(result)
    assert page.count("<svg") == 3
    assert "&lt;mine&gt;.csv" in page
    assert "<mine>" not in page
    assert "<script" not in page
    assert page.count("<tr>") == len(result.points) + 1


def test_the_files(result, tmp_path):
    write_selective(result, tmp_path / "out")
    document = json.loads((tmp_path / "out" / "result.json").read_text())
    assert document["schema"] == 1
    assert document["points"][4]["longest_delay_s"] == 3.0
    assert "longest_delay_s" not in document["points"][0]
    rows = list(csv.reader((tmp_path / "out" / "result.csv").read_text().splitlines()))
    assert len(rows) == 1 + len(result.points)
    assert rows[1][0] == "uniform"
