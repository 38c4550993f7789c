"""The published rules by which written answers are compared."""

from __future__ import annotations

import pytest

from tests.evaluation.sets import card, media
from vlret.datasets.base import SetQuestion, VqaSet
from vlret.evaluation.answers.rules import (
    COUNT,
    GQA,
    VQA,
    YES_NO,
    count,
    lower_case,
    rule_for,
    vqa,
    yes_or_no,
)


def _official_pope(text):
    """The steps of POPE's evaluate.py, one by one."""
    if text.find(".") != -1:
        text = text.split(".")[0]
    words = text.replace(",", "").split(" ")
    return "no" if any(word in words for word in ("No", "not", "no")) else "yes"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes", "yes"), ("no", "no"), ("No.", "no"), ("No, there is none.", "no"), ("There is not a dog", "no"),
        ("Yes, there is. No doubt.", "yes"), ("NO", "yes"), ("None", "yes"), ("nothing", "yes"), ("", "yes"),
        ("I see no, dog", "no"), ("There is a dog, not a cat. Yes", "no"), ("Not sure", "yes"),
    ],
)  # fmt: skip
def test_yes_or_no_as_pope(text, expected):
    assert yes_or_no(text) == _official_pope(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", "3"), ("three", "3"), ("Three.", "3"), ("None", "0"), ("There are twelve dogs", "12"), ("03", "3"),
        ("someone", ""), ("", ""), ("many", ""), ("2 or 3", "2"), ("twenty", "20"), ("10", "10"),
    ],
)  # fmt: skip
def test_a_count_is_the_first_number(text, expected):
    assert count(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("Dog.", "dog"), (" dog ", "dog"), ("a dog", "a dog"), ("U.S.A.", "u.s.a")]
)
def test_lower_case_as_llava_for_gqa(text, expected):
    assert lower_case(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Dog!", "dog"), ("two dogs", "2 dogs"), ("eleven", "eleven"), ("3.5", "3.5"), ("U.S.", "us"),
        ("don't", "dont"), ("black-white", "black white"), ("black - white", "black white"), ("1,000", "1000"),
        ("an apple\nand\ta pear", "apple and pear"), ("none", "0"), ("red/blue", "red blue"),
    ],
)  # fmt: skip
def test_normalisation_as_vqa(text, expected):
    assert vqa(text) == expected


def _set(name="mine", candidates=("yes", "no"), own=()):
    questions = [SetQuestion(0, "?", candidates[0], own)]
    return VqaSet(card("vqa", **{"name": name}), media("red"), questions, candidates)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (_set("pope"), YES_NO), (_set("repope"), YES_NO), (_set("popev2"), YES_NO),
        (_set("tallyqa", ("0", "1")), COUNT),
        (_set("gqa", ("yes", "dog")), GQA), (_set(), YES_NO), (_set("mine", ("Yes", "No")), YES_NO),
        (_set("mine", ("red", "blue")), VQA), (_set("mine", own=("red", "blue")), VQA),
    ],
)  # fmt: skip
def test_each_dataset_has_its_rule(made, expected):
    assert rule_for(made) == expected
