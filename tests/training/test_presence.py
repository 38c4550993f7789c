"""The rule of the yes / no questions about things."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.mini.presence import blind_answers
from vlret.datasets.tar_set import Item
from vlret.training.presence import SETTINGS, presence_questions
from vlret.training.questions import Question, things_in

CAPTIONS = [
    ("a dog on the beach", "a dog runs"),
    ("a dog in the snow",),
    ("a cat on a table",),
    ("a man rides a horse on the beach",),
    ("a dog and a ball",),
]
ITEMS = [Item(f"{n}.png", Path("s.tar"), "test", captions) for n, captions in enumerate(CAPTIONS)]


def thing(question: Question) -> str:
    return question.question.rstrip("?").split()[-1]


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_photograph_has_as_many_yes_as_no_and_the_answers_are_true(setting: str) -> None:
    asked = presence_questions(ITEMS, setting)
    for number, item in enumerate(ITEMS):
        own = [q for q in asked if q.item == number]
        assert Counter(q.answer for q in own)["yes"] == len(own) / 2 > 0
        assert all((thing(q) in things_in(item.captions)) == (q.answer == "yes") for q in own)


def test_popular_asks_for_the_most_frequent_thing_and_adversarial_for_what_stands_beside() -> None:
    popular = {(q.item, thing(q)) for q in presence_questions(ITEMS, "popular") if q.answer == "no"}
    assert {(2, "dog"), (3, "dog")} <= popular
    adversarial = {(q.item, thing(q)) for q in presence_questions(ITEMS, "adversarial") if q.answer == "no"}
    assert (1, "beach") in adversarial or (1, "ball") in adversarial


def test_people_are_no_reason_for_a_no_about_people() -> None:
    for setting in SETTINGS:
        asked = presence_questions(ITEMS, setting)
        assert not {thing(q) for q in asked if q.item == 3 and q.answer == "no"} & {"woman", "boy", "child"}


def test_the_blind_answer_is_the_more_frequent_one() -> None:
    train = [
        Question(0, "is there a dog?", "yes"),
        Question(1, "is there a dog?", "yes"),
        Question(2, "is there a dog?", "no"),
    ]
    assert blind_answers(
        train, [Question(0, "is there a dog?", "no"), Question(0, "is there a cat?", "no")]
    ) == ["yes", "no"]
