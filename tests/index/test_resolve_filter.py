"""Filters on what back ends do not know: k hits come back where k exist, and they are the nearest of these."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.index.stand_in import media_info
from tests.index.synthetic import ROOT, index_with, new_index, unit_rows
from tests.refusal import refused
from vlret.index.backends.numpy_backend import NumpyBackend
from vlret.index.filter import Filter, is_match
from vlret.index.filter_columns import COLUMNS
from vlret.index.index import Index
from vlret.index.tables import FileRow
from vlret.index.where import FUNCTIONS
from vlret.types import Clip

N_FILES, DIM = 120, 8
QUERY = unit_rows(1, DIM, seed=9)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """120 files in ten folders; file i lasts i seconds and has i % 3 + 1 clips."""
    folder = tmp_path_factory.mktemp("index") / "made"
    writer = new_index(folder, DIM)
    for i in range(N_FILES):
        n = i % 3 + 1
        path = f"{i % 10}/{i:03d}.mp4"
        clips = [Clip(Path(ROOT) / path, 2.0 * c, 2.0 * c + 2) for c in range(n)]
        row = FileRow(0, path, 1000 * i, i * 10**9)
        writer.add(
            row, "0" * 32, clips, unit_rows(n, DIM, seed=i), np.empty(0, np.int64), media_info(float(i))
        )
    writer.commit()
    return Index.open(folder)


CASES = {
    "where": (Filter(where="duration >= 100"), lambda row: row.duration_s >= 100),
    "a clip's own length": (Filter(where='"end" - start = 2 and start > 0'), lambda row: row.start > 0),
    "file": (Filter(where="size < 5000 and name like '00%'"), lambda row: row.size < 5000),
    "changed": (Filter(where="modified > '1970-01-01 00:01:55'"), lambda row: row.mtime_ns > 115 * 10**9),
    "values": (
        Filter(where="path like $p and duration < $d", where_values={"p": "%/7/%", "d": 50}),
        lambda row: "/7/" in row.path and row.duration_s < 50,
    ),
    "exclude": (Filter(exclude=("/1", "2/*", "[3-9]/*")), lambda row: "/0/0" in row.path),
    "one exclude": (Filter(exclude="/0/"), lambda row: "/0/" not in row.path),
    "all": (
        Filter("/5/", tuple(range(0, 240, 2)), "*5.mp4", "duration > 20"),
        lambda row: False,
    ),
    "all together": (
        Filter("mp4", tuple(range(0, 240, 2)), "/5/", "duration > 20"),
        lambda row: row.clip_id % 2 == 0 and "/5/" not in row.path and row.duration_s > 20,
    ),
    "nothing": (Filter(where="false"), lambda row: False),
    "everything": (Filter(where="true"), lambda row: True),
    "null": (Filter(where="fps is null"), lambda row: False),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("one_per_file", [True, False])
@pytest.mark.parametrize("k", [1, 7, 1000])
def test_the_hits_are_the_nearest_of_those_that_fit(
    index: Index, case: str, one_per_file: bool, k: int
) -> None:
    only, fits = CASES[case]
    scores = index.vectors() @ QUERY[0]
    order = np.lexsort((np.arange(len(scores)), -scores))
    rows = list(index.rows().itertuples())
    expected, files = [], set()
    for place in order:
        row = rows[place]
        if fits(row) and not (one_per_file and row.path in files):
            expected.append(row.clip_id)
            files.add(row.path)
    (hits,) = index.search(QUERY, k, one_per_file, only)
    assert [hit.clip_id for hit in hits] == expected[:k]


def test_back_ends_see_clip_ids_alone(index: Index) -> None:
    seen = []

    class Spy(NumpyBackend):
        def search(self, query, k, only=None, exact=False):
            seen.append(only)
            return super().search(query, k, only, exact)

    backend = Spy(DIM)
    backend.add(index.clip_ids, index.vectors())
    index_with(index.folder, backend).search(
        QUERY, 3, only=Filter(path="0", exclude="/1/", where="duration > 3")
    )
    assert seen
    assert all(only.dtype == np.int64 and (np.diff(only) > 0).all() for only in seen)
    assert index.resolved(Filter()) == Filter(clip_ids=index.clip_ids)
    assert index.resolved(Filter(path="5.mp4", clip_ids=range(30))) == Filter(clip_ids=(9, 10, 11))
    assert index.resolved(Filter(path="x")) == Filter(clip_ids=())
    assert index.resolved(None) is None
    assert index.resolved(Filter(exclude="/")) == Filter(clip_ids=())


def test_a_wrong_column_is_told_with_those_of_every_index(index: Index) -> None:
    with refused("unknown_column") as caught:
        index.search(QUERY, only=Filter(where="bredth > 3"))
    assert caught.value.fields["allowed"] == [
        "path", "name", "start", "end", "duration", "size", "modified", "taken", "width", "height", "codec", "fps",
    ]  # fmt: skip


def test_a_filter_is_made_of_what_was_given() -> None:
    assert Filter.of(None) is None
    assert Filter.of(None, (), None) is None
    assert Filter.of("a") == Filter(path="a")
    assert Filter.of(None, "x", "true") == Filter(exclude=("x",), where="true")
    assert Filter.of(Filter("a", exclude="y"), ["x", "y"]) == Filter("a", exclude=("y", "x"))
    assert Filter.of(Filter()) == Filter()
    with refused("two_conditions"):
        Filter.of(Filter(where="true"), where="false")


@pytest.mark.parametrize(
    "arguments", [{"exclude": ""}, {"exclude": ["a", ""]}, {"exclude": [1]}, {"path": ""}]
)
def test_empty_patterns_are_refused(arguments) -> None:
    with refused("bad_path_filter"):
        Filter(**arguments)


@pytest.mark.parametrize("where", ["", " ", 5])
def test_empty_conditions_are_refused(where) -> None:
    with refused("bad_where"):
        Filter(where=where)


def test_the_docs_name_every_column_and_function() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "filters.md").read_text()
    columns = docs.partition("## Columns\n")[2].partition("Texts stand")[0]
    first_cells = " ".join(line.split("|")[1] for line in columns.splitlines() if line.startswith("| `"))
    assert tuple(re.findall(r'`"?(\w+)"?`', first_cells)) == COLUMNS
    listed = docs.partition("Functions that may be called: ")[2].partition(";")[0]
    assert tuple(re.findall(r"`(\w+)`", listed)) == FUNCTIONS


def test_the_examples_of_the_docs_are_conditions(index: Index) -> None:
    docs = (Path(__file__).parents[2] / "docs" / "filters.md").read_text()
    block = docs.partition("ask for it with `taken is null`.")[2].split("```")[1]
    conditions = [text for line in block.splitlines() for text in re.split(r"\s{3,}", line) if text]
    assert len(conditions) == 8
    for condition in conditions:
        assert index.resolved(Filter(where=condition)) is not None


def test_patterns_that_are_used_once_do_not_fill_the_memory():
    def held_bytes(first: int) -> int:
        for number in range(first, first + 800):
            is_match(f"{number}{'?' * 100}", "/media/a.mp4", "a.mp4")
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = held_bytes(0)
        assert held_bytes(800) < 1.2 * before
    finally:
        tracemalloc.stop()


def test_an_index_without_clips_has_its_columns(tmp_path: Path) -> None:
    new_index(tmp_path / "index", DIM).commit()
    empty = Index.open(tmp_path / "index")
    for only in (Filter("a*"), Filter(exclude="a"), Filter(where="duration > 3"), Filter(where='"end" > 3')):
        assert empty.search(QUERY, only=only) == [[]]
    with refused("unknown_column"):
        empty.search(QUERY, only=Filter(where="bredth > 3"))


@pytest.mark.parametrize("clip_ids", [[1.5], ["a"], [2**70], [None], np.array([True, False])])
def test_clip_ids_that_are_no_numbers_are_refused(clip_ids: Any) -> None:
    with refused("wrong_type"):
        Filter(clip_ids=clip_ids)
