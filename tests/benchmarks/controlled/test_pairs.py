"""Pairs: which captions are used, and batches that follow from the seed and the step alone."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.controlled.pairs import Pairs, joined, short
from benchmarks.features import TokenSet
from vlret.datasets.tar_set import Item


def drawn(pairs, seed, first, count):
    return list(islice(pairs.batches(seed, first), count))


def test_a_batch_follows_from_the_seed_and_the_step_alone(pairs):
    whole = drawn(pairs, 3, 0, 12)
    for first in (1, 5, 6, 11):
        (again,) = drawn(pairs, 3, first, 1)
        assert again.captions.tolist() == whole[first].captions.tolist()
        assert again.tokens.equal(whole[first].tokens)
    (other,) = drawn(pairs, 4, 0, 1)
    assert other.captions.tolist() != whole[0].captions.tolist()


def test_an_epoch_has_each_item_at_most_once_with_a_caption_of_its_own(pairs):
    assert pairs.n_batches == 36 // 8 + 10 // 8
    owner = {text: n for n, texts in enumerate(pairs.kinds[0].captions) for text in texts if "number" in text}
    batches = drawn(pairs, 0, 0, pairs.n_batches)
    shapes = [batch.tokens.shape[1] for batch in batches]
    assert sorted(shapes) == [4, 4, 4, 4, 16]
    seen = []
    for batch in batches:
        for row, caption in zip(batch.tokens, batch.captions, strict=True):
            text = pairs.captions.texts[caption]
            if len(row) == 4 and text in owner:
                assert np.array_equal(row.numpy(), pairs.kinds[0].tokens[owner[text]].astype(np.float32))
                seen.append(owner[text])
    assert len(seen) == len(set(seen)) > 5
    assert {c for b in batches for c in b.captions} != {c for b in drawn(pairs, 0, 5, 5) for c in b.captions}


def test_captions_are_first_sentences_of_at_most_thirty_words():
    assert short(["A dog runs. It is brown.", ".", "word " * 31, "word " * 30]) == [
        "A dog runs",
        "word " * 30,
    ]


def test_items_without_a_short_caption_are_left_out():
    items = [Item("a", Path("s"), "train", ("A dog.",)), Item("b", Path("s"), "train", ("w " * 40,))]
    tokens = np.arange(2 * 3 * 4 * 5, dtype=np.float16).reshape(2, 3, 4, 5)
    kind = joined([TokenSet(items, tokens), TokenSet(items[:1], tokens[1:])])
    assert kind.captions == [["A dog."], ["A dog."]]
    assert np.array_equal(kind.tokens, tokens.reshape(2, 12, 5))


def test_a_kind_smaller_than_a_batch_gives_none(pairs):
    assert Pairs(pairs.kinds, 20).n_batches == 1
    assert len(drawn(Pairs(pairs.kinds, 20), 0, 0, 3)) == 3
