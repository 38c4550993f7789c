"""How a written answer is compared with the right one: the published rule of each benchmark.

A rule turns a text into another; an answer is right if its text becomes that of the right answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from vlret.datasets.base import VqaSet

_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_NUMBERS = {"none": "0", **{word: str(number) for number, word in enumerate(_WORDS)}}
_TO_TEN = {word: number for word, number in _NUMBERS.items() if int(number) <= 10}
_NUMBER = re.compile(rf"\d+|\b(?:{'|'.join(_NUMBERS)})\b")
_PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
_ARTICLES = ("a", "an", "the")


@dataclass(frozen=True, slots=True)
class MatchRule:
    """A rule: `name` is what a stamp says of it, `standard` gives the form in which two answers are compared."""

    name: str
    standard: Callable[[str], str]


def yes_or_no(text: str) -> str:
    """POPE's rule: "no" if the first sentence has the word No, no or not, and else "yes"."""
    words = text.strip().split(".")[0].replace(",", "").split(" ")
    return "no" if {"No", "no", "not"}.intersection(words) else "yes"


def count(text: str) -> str:
    """The first number, words from none to twenty in digits; "" where there is none."""
    found = _NUMBER.search(text.lower())
    return str(int(_NUMBERS.get(found[0], found[0]))) if found else ""


def lower_case(text: str) -> str:
    """In lower case, without the full stop at the end."""
    return text.strip().rstrip(".").lower()


def vqa(text: str) -> str:
    """As VQA's evaluation: without punctuation and articles, numbers to ten in digits.

    Apostrophes are left out, where VQA's list of contractions puts them in.
    """
    text = " ".join(text.split())
    left_out, has_comma = text, re.search(r"\d,\d", text)
    for mark in _PUNCTUATION:
        at_edge = f"{mark} " in text or f" {mark}" in text or has_comma
        left_out = left_out.replace(mark, "" if at_edge else " ")
    words = re.sub(r"\.(?!\d)", "", left_out).lower().replace("'", "").split()
    return " ".join(_TO_TEN.get(word, word) for word in words if word not in _ARTICLES)


YES_NO = MatchRule("yes or no as POPE's evaluate.py reads it (RUCAIBox/POPE)", yes_or_no)
COUNT = MatchRule(
    "the first number, words to digits as PaliGemma's evaluation of TallyQA (big_vision)", count
)
GQA = MatchRule(
    "equal in lower case without a full stop (convert_gqa_for_eval.py of LLaVA, GQA's eval.py)", lower_case
)
VQA = MatchRule("equal after the normalisation of VQA's vqaEval.py (GT-Vision-Lab/VQA)", vqa)

_BY_DATASET = {"pope": YES_NO, "repope": YES_NO, "popev2": YES_NO, "tallyqa": COUNT, "gqa": GQA}


def rule_for(dataset: VqaSet) -> MatchRule:
    """The published rule of a dataset; of another one POPE's for yes and no, and else VQA's."""
    lists = {question.candidates or dataset.candidates for question in dataset.questions}
    are_yes_no = all(sorted(map(str.lower, one)) == ["no", "yes"] for one in lists)
    return _BY_DATASET.get(dataset.card.name, YES_NO if are_yes_no else VQA)
