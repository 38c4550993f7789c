"""Pages of hits and their order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.index.stand_in import media_info
from tests.index.synthetic import ROOT, new_index, unit_rows
from tests.refusal import refused
from vlret.index.index import Index
from vlret.index.tables import FileRow
from vlret.tasks.order import candidates_for, page_of, sort_hits
from vlret.types import Clip, Hit

HOUR_NS = 3600 * 10**9
# name, taken, changed in hours after 1970
FILES = [
    ("d.mp4", "1970-01-01T05:00:00", 1),
    ("c.mp4", None, 3),
    ("b.mp4", "1970-01-01T02:00:00", 9),
    ("a.mp4", None, 4),
]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Four files of two clips of two seconds."""
    writer = new_index(tmp_path / "index", 4)
    for name, taken, hours in FILES:
        clips = [Clip(Path(ROOT) / name, 2.0 * n, 2.0 * n + 2) for n in range(2)]
        row = FileRow(0, name, 1, hours * HOUR_NS)
        writer.add(
            row, name, clips, unit_rows(2, 4), np.empty(0, np.int64), replace(media_info(4.0), taken=taken)
        )
    writer.commit()
    return Index.open(tmp_path / "index")


@pytest.fixture
def hits(index: Index) -> list[Hit]:
    """Of every clip, the last one first."""
    rows = index.rows()[::-1].itertuples()
    return [
        Hit(rank, 1 / rank, row.path, row.start, row.end, row.clip_id) for rank, row in enumerate(rows, 1)
    ]


def test_time_is_that_of_the_recording_or_else_of_the_file(index, hits) -> None:
    found = sort_hits(index, hits, "time")
    assert [(Path(hit.path).name, hit.start) for hit in found] == [
        (name, start) for name in ("b.mp4", "c.mp4", "a.mp4", "d.mp4") for start in (0.0, 2.0)
    ]
    assert sorted(found, key=lambda hit: hit.rank) == hits


def test_paths_in_order_with_their_clips_in_order(index, hits) -> None:
    found = sort_hits(index, hits, "path")
    assert [(Path(hit.path).name, hit.start) for hit in found] == [
        (name, start) for name in ("a.mp4", "b.mp4", "c.mp4", "d.mp4") for start in (0.0, 2.0)
    ]


def test_score_leaves_them_as_they_are(index, hits) -> None:
    assert sort_hits(index, hits, "score") == hits
    assert sort_hits(index, [], "time") == []


def test_an_unknown_order_is_refused(index, hits) -> None:
    with refused("bad_sort"):
        sort_hits(index, hits, "size")


@pytest.mark.parametrize(
    ("page", "ranks", "has_next"),
    [(1, [1, 2, 3], True), (2, [4, 5, 6], True), (3, [7, 8], False), (4, [], False)],
)
def test_pages_follow_each_other(hits, page, ranks, has_next) -> None:
    found, more = page_of(hits[: candidates_for(3, page)], 3, page)
    assert ([hit.rank for hit in found], more) == (ranks, has_next)


def test_a_last_page_that_is_full_has_none_after_it(hits) -> None:
    assert page_of(hits[: candidates_for(4, 2)], 4, 2) == (hits[4:], False)


@pytest.mark.parametrize(("k", "page"), [(0, 1), (1, 0), (1, -1), (1, 1.5)])
def test_counts_are_checked(k, page) -> None:
    with refused("not_a_count"):
        candidates_for(k, page)
