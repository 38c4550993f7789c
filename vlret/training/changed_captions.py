"""Captions with one word changed, so that they mean something else: a text encoder has to distinguish them."""

from __future__ import annotations

import re

import numpy as np

# each line: words of which one for another changes where, how many, which colour, who, how large or what is done
GROUPS = tuple(
    tuple(line.split())
    for line in """
    on under in behind above below near left right up down inside outside over beside between front back top bottom
    into through around along across off from to with without
    one two three four five six several many
    black white brown red blue green yellow orange pink purple gray
    man woman boy girl child
    men women boys girls children
    large small big little tall short young old
    sitting standing running walking jumping lying climbing riding holding wearing
    """.strip().splitlines()
)
GROUP_OF = {word: group for group in GROUPS for word in group}
WITHIN_GROUP, SWAPPED = 0.7, 0.4
"""Share of captions in which a word of a group becomes another one of it; share of the rest with two swapped."""


def changed(caption: str, other: str, rng: np.random.Generator) -> str:
    """Return `caption` in lower case with one word replaced, by one of its group or of `other`, or with two swapped."""
    words = _words(caption)
    known = [place for place, word in enumerate(words) if word in GROUP_OF]
    if known and rng.random() < WITHIN_GROUP:
        place = rng.choice(known)
        words[place] = rng.choice([word for word in GROUP_OF[words[place]] if word != words[place]])
    elif len(words) > 1 and rng.random() < SWAPPED:
        first, second = rng.choice(len(words), 2, replace=False)
        words[first], words[second] = words[second], words[first]
    else:
        words[rng.integers(len(words))] = rng.choice(_words(other))
    return " ".join(words)


def _words(caption: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", caption.lower())
