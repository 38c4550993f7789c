"""CIDEr: how much a written caption says what several people said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Gram = tuple[str, ...]
Floats = NDArray[np.float64]
LONGEST_GRAM = 4
LENGTH_SIGMA = 6.0
_WORD = re.compile(r"\w+(?=n't\b)|n't\b|'(?:s|re|ve|ll|d|m)\b|\w+(?:-\w+)*")


def cider(captions: Sequence[str], references: Sequence[Sequence[str]]) -> Floats:
    """CIDEr-D of each caption, times 100 as papers print it (a corpus' CIDEr is the mean).

    N-grams of one to four words are weighted by how few items have them in a reference, so that the value of one
    caption depends on all `references`. The code that papers report by differs in one thing: its words come
    from a Java program, here from `words`.

    Args:
        captions: one for each item, n in all.
        references: for each item one or more captions that are known to be true.

    Returns:
        float64 [n], from 0 to 1,000.

    Source: Vedantam et al. 2015 (arXiv 1411.5726), section 5 and its CIDEr-D.
    """
    counted = [[_grams(text) for text in texts] for texts in references]
    items_with = Counter(gram for texts in counted for gram in set().union(*texts))
    scores = [
        np.mean([_likeness(caption, one, items_with, len(references)) for one in texts])
        for caption, texts in zip(map(_grams, captions), counted, strict=True)
    ]
    return 1000 * np.asarray(scores, np.float64)


def words(text: str) -> list[str]:
    """Lower case without punctuation; `isn't` is `is n't` and `dog's` is `dog 's`, as in the Penn Treebank."""
    return _WORD.findall(text.lower().replace("\u2019", "'"))


def _grams(text: str) -> Counter[Gram]:
    said = words(text)
    return Counter(
        tuple(said[i : i + n]) for n in range(1, LONGEST_GRAM + 1) for i in range(len(said) - n + 1)
    )


def _likeness(
    caption: Counter[Gram], reference: Counter[Gram], items_with: Mapping[Gram, int], items: int
) -> float:
    """Mean cosine over the lengths of n-grams, with repeated words clipped and other lengths damped."""
    dot, norm, other_norm = (np.zeros(LONGEST_GRAM) for _ in range(3))
    for gram in caption.keys() | reference.keys():
        weight = np.log(items / max(items_with.get(gram, 0), 1))
        mine, other = caption[gram] * weight, reference[gram] * weight
        dot[len(gram) - 1] += min(mine, other) * other
        norm[len(gram) - 1] += mine**2
        other_norm[len(gram) - 1] += other**2
    longer = _pairs(caption) - _pairs(reference)
    scale = np.sqrt(norm * other_norm)
    cosines = np.divide(dot, scale, out=np.zeros(LONGEST_GRAM), where=scale > 0)
    return float(cosines.mean() * np.exp(-(longer**2) / (2 * LENGTH_SIGMA**2)))


def _pairs(grams: Counter[Gram]) -> int:
    """How many pairs of words there are: what the papers' code takes for the length."""
    return sum(times for gram, times in grams.items() if len(gram) == 2)
