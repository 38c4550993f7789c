"""Sections of a result: records of queries, groups, and what is plain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vlret.evaluation.metrics.figures import Figure
from vlret.evaluation.metrics.ranks import grouped
from vlret.evaluation.results.section import QueryRecord, choice_sections, group_sections, make_section

FIGURES = {"accuracy": Figure(50.0, 0.0, 100.0, 25.0)}


def ranks_of(*above):
    """Ranks of the right one of four candidates; a question each."""
    n = len(above)
    ones = np.ones(n, np.int64)
    return grouped(np.arange(n), np.array(above), ones, ones, np.full(n, 4))


def section(top=((), ())):
    values = {"accuracy": np.array([1.0, 1 / 3])}
    return make_section("all", "questions", "candidates", ranks_of(0, 2), values, FIGURES, top=top)


def test_a_record_per_query():
    found = section(([[3, 1], []], [[0.5, 0.25], []]))
    assert list(found.records) == [
        QueryRecord(0, 1, 1, (3, 1), (0.5, 0.25), {"accuracy": 1.0}),
        QueryRecord(1, 3, 3, (), (), {"accuracy": 0.333333}),
    ]
    assert (found.queries, found.pool, len(found.records)) == (2, 4, 2)


def test_without_ranked_items_a_record_has_no_top():
    assert [record.top for record in section().records] == [None, None]


def test_groups_have_members_and_no_records():
    whole = section()
    groups = group_sections(whole, ["b", "a"], lambda members: {"n": Figure(len(members), 0, 0, 0)})
    assert [(one.name, one.members, one.queries, one.figures["n"].value) for one in groups] == [
        ("b", (0,), 1, 1), ("a", (1,), 1, 1),
    ]  # fmt: skip
    assert all(one.per_query is None and list(one.records) == [] for one in groups)
    assert group_sections(whole, ["a", "a"], lambda members: FIGURES) == []


def test_choices_are_averaged_over_queries_and_over_groups():
    whole, *groups = choice_sections(
        ranks_of(0, 0, 1), ["x", "x", "y"], "expected", "questions", "candidates"
    )
    assert round(whole.figures["accuracy"].value, 4) == 66.6667
    assert whole.figures["macro_accuracy"].value == 50.0
    assert whole.figures["accuracy"].chance == 25.0
    assert [(one.name, one.figures["accuracy"].value) for one in groups] == [("x", 100.0), ("y", 0.0)]


def test_plain_is_cosine_over_whole_texts():
    assert section().is_plain
    assert not replace(section(), rerank="qb_norm").is_plain
    assert not replace(section(), text_tokens=8).is_plain
