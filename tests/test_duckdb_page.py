"""docs/duckdb.md: its Python runs, and finds what `vlret search` finds."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.cli.conftest import vlret
from vlret.models.registry import ASSETS

PAGE = Path(__file__).parents[1] / "docs/duckdb.md"
QUERY = "people cross a square"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where indexes/videos lies: of its two runs, the second drops a file."""
    folder = tmp_path_factory.mktemp("duckdb")
    sources = (ASSETS / "samples/photos", ASSETS / "samples/videos")
    assert vlret("index", *sources, "--out", folder / "indexes/videos").code == 0
    assert vlret("remove", folder / "indexes/videos", "*/cat_face.jpg").code == 0
    return folder


@pytest.fixture(scope="module")
def names(folder: Path) -> Iterator[dict[str, Any]]:
    """What the page's Python has made at its end; its paths are relative."""
    made: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
            exec(compile(code, str(PAGE), "exec"), made)
        yield made


def expected(folder: Path, *options: str) -> list[dict[str, Any]]:
    run = vlret("search", folder / "indexes/videos", QUERY, "-k", "5", "--copies", "--json", *options)
    return json.loads(run.out)["hits"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("nearest", ["--all-clips"]),
        ("files", []),
        ("wide", ["--all-clips", "--where", "width > height and duration > 8"]),
    ],
)
def test_sql_finds_what_vlret_search_finds(names, folder, name, options):
    hits = expected(folder, *options)
    found: pd.DataFrame = names[name]
    assert found["path"].tolist() == [hit["path"] for hit in hits]
    assert found["start"].tolist() == [hit["start"] for hit in hits]
    assert found["score"].tolist() == pytest.approx([hit["score"] for hit in hits], abs=1e-5)
    assert hits


def test_dropped_rows_are_left_out(names, folder):
    assert names["manifest"]["dropped"]
    assert names["db"].sql("FROM clips WHERE path LIKE '%cat_face%'").fetchall() == []
    assert names["db"].sql("FROM rows WHERE path LIKE '%cat_face%'").fetchall()


def test_a_table_of_ones_own_is_joined_and_rows_are_exported(names, folder):
    assert names["by_camera"]["camera"].tolist() == [f"camera {n}" for n in range(5)]
    assert names["by_camera"]["score"].tolist() == pytest.approx(names["files"]["score"].tolist())
    rows = list(csv.DictReader((folder / "clips.csv").open()))
    assert [int(row["clip_id"]) for row in rows] == sorted(int(row["clip_id"]) for row in rows)
    assert len(rows) == names["db"].sql("FROM clips").df().shape[0] > 10
