"""CIDEr against the code that papers report by, and a worked example."""

from __future__ import annotations

import numpy as np
import pytest
from pycocoevalcap.cider.cider import Cider

from vlret.evaluation.metrics.cider import cider, words


def _captions(rng: np.random.Generator, n: int) -> list[str]:
    vocabulary = ["a", "dog", "cat", "runs", "sleeps", "on", "grass", "the", "sofa"]
    return [" ".join(rng.choice(vocabulary, rng.integers(1, 14))) for _ in range(n)]


@pytest.mark.parametrize("seed", range(20))
def test_equals_the_code_of_the_coco_captions(seed):
    rng = np.random.default_rng(seed)
    captions = _captions(rng, 12)
    references = [_captions(rng, rng.integers(1, 6)) for _ in captions]
    _, expected = Cider().compute_score(dict(enumerate(references)), dict(enumerate([c] for c in captions)))
    np.testing.assert_allclose(cider(captions, references), 100 * expected, rtol=1e-10)


def test_worked_example():
    # two items: "a" is in both, and weighs nothing; two of four lengths of n-grams exist, and are equal
    found = cider(["a dog", "a cat"], [["A dog."], ["a bird", "a cat"]])
    np.testing.assert_allclose(found, [500, 250])


def test_what_is_only_in_the_caption_lowers_it():
    references = [["a dog"], ["a cat"]]
    good, _ = cider(["a dog", "a cat"], references)
    longer, _ = cider(["a dog barks", "a cat"], references)
    assert 0 < longer < good


def test_no_words_have_no_score():
    np.testing.assert_array_equal(cider(["", "?!"], [["a dog"], ["a cat"]]), [0, 0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A dog, on the grass.", ["a", "dog", "on", "the", "grass"]),
        ("The dog's ball isn't here", ["the", "dog", "'s", "ball", "is", "n't", "here"]),
        ("They\u2019re in a T-shirt", ["they", "'re", "in", "a", "t-shirt"]),
        ("can't", ["ca", "n't"]),
        ("2 Männer - 'ein' Hund", ["2", "männer", "ein", "hund"]),
    ],
)
def test_words_are_those_of_the_penn_treebank(text, expected):
    assert words(text) == expected
