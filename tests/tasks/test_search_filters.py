"""`vlret.search` with conditions, exclusion, order and pages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.index.test_fill_metadata import forget_metadata
from tests.refusal import refused
from vlret.index.build import build_index
from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.tasks.search import search


def test_values_are_bound_by_a_filter(painted_index: Index, colour_model) -> None:
    path = search(painted_index, "red", model=colour_model)[1].path
    only = Filter(where="path = $path", where_values={"path": path})
    assert [hit.path for hit in search(painted_index, "red", model=colour_model, only=only)] == [path]


def test_all_conditions_hold_together(painted_index: Index, colour_model) -> None:
    everything = search(painted_index, "red", model=colour_model, k=100)
    first, second = everything[0], everything[1]
    hits = search(
        painted_index,
        "red",
        model=colour_model,
        exclude=Path(first.path).name,
        where="size > 0",
        sort="path",
        k=100,
    )
    assert [hit.path for hit in hits] == sorted(hit.path for hit in everything[1:])
    assert next(hit.rank for hit in hits if hit.path == second.path) == 1
    assert not hits.has_next


def test_pages_of_one_cover_all_hits_in_order(painted_index: Index, colour_model) -> None:
    everything = search(painted_index, "red", model=colour_model, k=100)
    pages = [
        search(painted_index, "red", model=colour_model, k=1, page=n + 1) for n in range(len(everything))
    ]
    assert [page[0].path for page in pages] == [hit.path for hit in everything]
    assert [page.has_next for page in pages] == [True] * (len(everything) - 1) + [False]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"where": "nothing = 1"}, "unknown_column"),
        ({"where": "drop table clips"}, "bad_where"),
        ({"where": "true", "only": Filter(where="true")}, "two_conditions"),
        ({"exclude": [""]}, "bad_path_filter"),
        ({"sort": "rank"}, "bad_sort"),
        ({"page": 0}, "not_a_count"),
    ],
)
def test_what_is_not_allowed_is_refused(painted_index: Index, colour_model, arguments, code) -> None:
    with refused(code):
        search(painted_index, "red", model=colour_model, **arguments)


def test_an_older_index_says_what_it_does_not_know(
    painted_index: Index, painted, colour_model, tmp_path
) -> None:
    folder = tmp_path / "old"
    shutil.copytree(painted_index.folder, folder)
    forget_metadata(folder)
    hits = search(folder, "red", model=colour_model, where="width > 0 and size > 0")
    assert not hits
    assert any(
        "of an older index: size, length and capture time are not known" in line for line in hits.warnings
    )
    assert not search(folder, "red", model=colour_model, only="*").warnings
    build_index(painted, folder, colour_model, clips="window:10")
    hits = search(folder, "red", model=colour_model, where="width > 0 and size > 0")
    assert hits
    assert not hits.warnings
