"""Conditions over files and over clips: both say the same, nulls and columns of the user's own included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.index.stand_in import media_info
from tests.index.synthetic import ROOT, new_index, unit_rows
from vlret.index import resolve_filter
from vlret.index.annotate import annotate
from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.index.tables import FileRow
from vlret.types import Clip

N_FILES = 60


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Files of one to three clips; a third of them without metadata, some without fps or capture time."""
    folder = tmp_path_factory.mktemp("index")
    writer = new_index(folder / "made", 4)
    for i in range(N_FILES):
        n = i % 3 + 1
        path = f"{i % 4}/{i:03d}.mp4"
        info = replace(
            media_info(float(i)), width=100 * i, taken=None if i % 5 else "2024-05-06T14:03:22", fps=None
        )
        clips = [Clip(Path(ROOT) / path, 2.0 * c, 2.0 * c + 2) for c in range(n)]
        writer.add(
            FileRow(0, path, i, i * 10**9 + 1500), f"{i:032x}", clips, unit_rows(n, 4), np.empty(0, np.int64),
            info if i % 3 else None,
        )  # fmt: skip
    writer.commit()
    rows = "\n".join(f"{i:03d}.mp4,{i if i % 2 else ''},{'ab'[i % 2]}" for i in range(0, N_FILES, 3))
    (folder / "own.csv").write_text(f"file,Stars,a b\n{rows}\n")
    annotate(folder / "made", folder / "own.csv")
    return Index.open(folder / "made")


CASES = {
    "duration > 20": lambda row: row.duration_s > 20,
    "duration is null": lambda row: pd.isna(row.duration_s),
    "width between 1000 and 2000": lambda row: not pd.isna(row.width) and 1000 <= row.width <= 2000,
    "not (width > 1000)": lambda row: not pd.isna(row.width) and row.width <= 1000,
    "codec = 'text' and fps is null": lambda row: row.codec == "text",
    "codec is null": lambda row: pd.isna(row.codec),
    "year(taken) = 2024": lambda row: not pd.isna(row.taken),
    "coalesce(taken, modified) < '1970-01-01 00:00:30'": lambda row: pd.isna(row.taken) and number(row) < 30,
    "modified = '1970-01-01 00:00:07.000001'": lambda row: number(row) == 7,
    "name like '00%' or path like '%/3/05%'": lambda row: number(row) < 10 or "/3/05" in row.path,
    "size in (3, 5, 7)": lambda row: row.size in (3, 5, 7),
    "stars > 10": lambda row: number(row) % 6 == 3 and number(row) > 10,
    "Stars is null": lambda row: number(row) % 6 != 3,
    "\"a b\" = 'b'": lambda row: number(row) % 6 == 3,
    "true": lambda row: True,
    "null": lambda row: False,
}  # fmt: skip


def number(row) -> int:
    return int(Path(row.path).stem)


def resolved(index: Index, condition: str) -> list[int]:
    return np.asarray(index.resolved(Filter(where=condition)).clip_ids).tolist()


@pytest.mark.parametrize("condition", CASES)
def test_a_condition_holds_for_the_same_clips_with_and_without_their_times(
    index: Index, condition: str
) -> None:
    rows = [row for row in index.rows().itertuples() if CASES[condition](row)]
    assert resolved(index, condition) == [row.clip_id for row in rows]
    assert resolved(index, f"({condition}) and start >= 0") == [row.clip_id for row in rows]
    later = [row.clip_id for row in rows if row.start > 1 and row.end < 5]
    assert resolved(index, f'({condition}) and START > 1 and "end" < 5') == later


@pytest.mark.parametrize(("condition", "n_rows"), [("stars > 10 and width > 5", N_FILES), ('"end" > 5', 120)])
def test_what_files_have_is_looked_at_once_a_file(index: Index, monkeypatch, condition, n_rows) -> None:
    seen = []

    def rows_where(table, condition):
        seen.append(table)
        return np.empty(0, np.int64)

    monkeypatch.setattr(resolve_filter, "rows_where", rows_where)
    assert resolved(index, condition) == []
    (table,) = seen
    assert len(table) == n_rows
