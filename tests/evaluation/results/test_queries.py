"""What the queries of each task choose from, and what is right, in stored results."""

from __future__ import annotations

import pytest

from tests.evaluation.results.test_read import STORED
from vlret.evaluation.results.queries import names_of, pool_of, query_items
from vlret.evaluation.results.read import read_result


def stored(name, section=0):
    result = read_result(STORED / f"{name}.json")
    return result, result.models[0].sections[section]


def test_texts_choose_from_items():
    result, section = stored("first_version")
    pool = pool_of(result, section)
    ids = ["videos/city_traffic.mp4", "videos/man_in_car.mp4", "photos/astronaut.jpg"]
    assert pool.names == [ids] * 4
    assert pool.items == [range(3)] * 4
    assert pool.right == [[ids[0]], [ids[1]], [ids[2]], [ids[2]]]
    assert query_items(result, section.queries_are) == [0, 1, 2, 2]


def test_items_choose_from_texts():
    result, section = stored("first_version", 2)
    pool = pool_of(result, section)
    assert section.queries_are == "items"
    assert pool.names == [[f"texts-{i}" for i in range(4)]] * 3
    assert pool.items is None
    assert pool.right == [["texts-0"], ["texts-1"], ["texts-2", "texts-3"]]
    assert names_of(result, "items")[2] == "photos/astronaut.jpg"


def test_questions_choose_from_their_candidates():
    result, section = stored("questions")
    pool = pool_of(result, section)
    assert pool.names[1] == ("yes", "no")
    assert [len(names) for names in pool.names[:2]] == [3, 2]
    assert [names[0] for names in pool.right[:2]] == [result.contents.questions[i].answer for i in range(2)]
    assert list(query_items(result, "questions")[:4]) == [0, 0, 1, 1]


def test_states_choose_from_clips_and_are_about_the_first_state():
    result, section = stored("state_choice")
    pool, ids = pool_of(result, section), names_of(result, "items")
    assert pool.items[0] == (2, 0, 5)
    assert pool.names[0] == [ids[2], ids[0], ids[5]]
    assert pool.right[0] == (ids[0],)
    assert query_items(result, "questions")[:3] == [0, 1, 2]


def test_items_choose_from_classes():
    result, section = stored("classification")
    pool = pool_of(result, section)
    assert pool.names[0] == result.contents.classes
    assert pool.right[0] == [result.contents.classes[result.contents.labels[0][0]]]


@pytest.mark.parametrize("section", [0, 1])
def test_texts_alone_choose_from_nothing_that_has_a_name(section):
    result, found = stored("text", section)
    pool = pool_of(result, found)
    assert pool.names == pool.right == [()] * found.queries
    assert (pool.items, list(query_items(result, "triples"))) == (None, [])
