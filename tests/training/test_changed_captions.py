"""A changed caption differs in one word or in the order of two."""

from __future__ import annotations

import numpy as np

from vlret.training.changed_captions import GROUP_OF, changed

CAPTION, OTHER = "Two dogs run on the beach .", "a red car"


def test_one_word_becomes_another_or_two_change_places() -> None:
    rng = np.random.default_rng(0)
    before = CAPTION.lower().split()
    seen = set()
    for _ in range(200):
        after = changed(CAPTION, OTHER, rng).split()
        differing = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
        assert len(differing) <= 2
        if len(differing) == 2:
            assert sorted(before) == sorted(after)
            seen.add("swapped")
        for old, new in differing[:1] if len(differing) == 1 else ():
            seen.add("group" if new in GROUP_OF.get(old, ()) else "other")
            assert new in GROUP_OF.get(old, ()) or new in OTHER.split()
    assert seen == {"swapped", "group", "other"}


def test_a_caption_of_one_word_gets_a_word_of_the_other() -> None:
    rng = np.random.default_rng(0)
    assert {changed("beach", OTHER, rng) for _ in range(30)} == {"a", "red", "car"}


def test_a_word_stands_in_one_group() -> None:
    assert all(word in group and len(set(group)) == len(group) for word, group in GROUP_OF.items())
