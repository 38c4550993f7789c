"""Whether a photograph fits a sentence by the words of its captions, without any model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from vlret.training.questions import NAME_OF

_ENDINGS = ("ing", "ies", "es", "ed", "s", "y")
_HARDLY_TELL = """
a an the of in on at to with and or is are be being by for from into onto over under near next up down out off through
along across behind front his her its their it he she they them him this that there while as who which other another
some one two three several many group very each together has have having wearing look looking stand standing sit
sitting top side background foreground large small little big people person young old photo picture image close view
man men woman women
"""
_IGNORED = frozenset(_HARDLY_TELL.split())

Shares = NDArray[np.float64]


def content_words(text: str) -> frozenset[str]:
    """The words of a sentence that carry its meaning, without their endings."""
    found = re.findall("[a-z]+", text.lower())
    return frozenset(_stem(word) for word in found if word not in _IGNORED and len(word) > 2)


def shares(words: frozenset[str], said: Sequence[frozenset[str]]) -> Shares:
    """Which share of `words` (at least one) is among the words said of each item, float64 [items]."""
    return np.array([len(words & one) for one in said]) / len(words)


def all_words(texts: Iterable[str]) -> frozenset[str]:
    """The content words of several sentences."""
    return frozenset[str]().union(*map(content_words, texts))


def _stem(word: str) -> str:
    word = NAME_OF.get(word, word)  # a puppy is a dog
    ending = next((end for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= 3), "")
    word = word.removesuffix(ending)
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word
