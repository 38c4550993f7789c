"""Bias and ambiguity probes on hand-made vectors and captions with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.probes import label_probe, label_table, person_probe, person_table
from tests.conftest import COLOURS, ColourEmbedder
from vlret.errors import UsageError
from vlret.evaluation.standalone.probes import (
    SWAPS,
    Pair,
    by_bin,
    concept_counts,
    correlation,
    gender_pairs,
    label_hits,
    nearest_other,
    swap_probe,
)


def unit(*rows):
    array = np.array(rows, np.float32)
    return array / np.linalg.norm(array, axis=1, keepdims=True)


def test_concepts_are_counted_in_whole_words_of_either_number():
    captions = [
        "Two CATS and a cat",
        "a butterfly",
        "butterflies",
        "a concatenated list",
        "an airplane",
        "a bas",
    ]
    labels = ["cat", "butterfly", "airplanes", "bass", "grand piano"]
    assert concept_counts(labels, captions).tolist() == [1, 2, 1, 0, 0]
    assert concept_counts(["grand piano"], iter(["the grand piano", "a piano"])).tolist() == [1]


def test_nearest_other_label_is_not_the_label_itself():
    labels = unit([1, 0], [1, 1], [0, 1], [-1, 0])
    np.testing.assert_allclose(nearest_other(labels), [0.5**0.5, 0.5**0.5, 0.5**0.5, 0], atol=1e-6)


def test_hits_and_bins_are_of_the_true_label():
    labels = unit([1, 0, 0], [0, 1, 0], [0, 0, 1])
    items = unit([1, 0, 0], [0, 1, 0], [0, 1, 0.1], [0, 1, 1])  # the last lies between two labels
    truth = [0, 1, 2, 2]
    hits = label_hits(items, labels, truth)
    np.testing.assert_allclose(hits, [1, 1, 0, 0.5])
    low, high = (
        by_bin([0, 5, 10], [0, 1, 10, np.inf], hits, truth)[0],
        by_bin([0, 5, 10], [10, np.inf], hits, truth)[0],
    )
    assert (low.low, low.high, low.n_labels, low.accuracy.value, low.accuracy.n) == (0, 1, 1, 1, 1)
    assert (high.n_labels, high.accuracy.value, high.accuracy.n) == (1, 0.25, 2)


def test_bins_without_items_are_left_out_and_labels_are_drawn_as_a_whole():
    bins = by_bin([0, 0, 50], [0, 1, 10, 100], [1, 1, 0, 0, 1], [0, 0, 1, 1, 2])
    assert [(b.low, b.n_labels, b.accuracy.n) for b in bins] == [(0, 2, 4), (10, 1, 1)]
    # of two labels, one always right and one always wrong, a draw may take either twice
    assert (bins[0].accuracy.value, bins[0].accuracy.low, bins[0].accuracy.high) == (0.5, 0, 1)


@pytest.mark.parametrize(("values", "rho"), [([1, 2, 3, 4], 1), ([4, 3, 2, 1], -1), ([1, 3, 2, 4], 0.8)])
def test_correlation_is_over_the_accuracy_of_labels(values, rho):
    truth = np.repeat(np.arange(4), 4)
    hits = [1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1]
    found = correlation(values, hits, truth)
    assert (found.value, found.n) == (pytest.approx(rho), 4)
    assert found.low <= found.value <= found.high


def test_correlation_has_no_value_where_nothing_varies_and_needs_three_labels():
    assert np.isnan(correlation([1, 1, 1], [1, 0, 1], [0, 1, 2]).value)
    assert np.isnan(correlation([1, 2, 3], [1, 1, 1], [0, 1, 2]).value)
    with pytest.raises(UsageError, match="over 2 labels"):
        correlation([1, 2, 3], [1, 0], [0, 2])


def test_captions_with_exactly_one_gendered_word_are_swapped():
    captions = [
        ["Man near a mannequin .", "A person ."],
        ["Two ladies's dogs .", "a girl and her dog", "The fisherwoman ."],
        ["a man and a woman", "a man alone"],  # both: the swap may be true, too
        ["a man alone", "she smiles"],
        ["a dog"],
    ]
    assert gender_pairs(captions) == [
        Pair(0, "male", "Man near a mannequin .", "Woman near a mannequin ."),
        Pair(1, "female", "Two ladies's dogs .", "Two guys's dogs ."),
    ]


@pytest.mark.parametrize(("male", "female"), SWAPS.items())
def test_a_swap_swapped_is_the_caption_again(male, female):
    (there,) = gender_pairs([[f"a {male} runs"]])
    (back,) = gender_pairs([[there.swapped]])
    assert (there.gender, there.swapped) == ("male", f"a {female} runs")
    assert (back.gender, back.swapped) == ("female", f"a {male} runs")


def test_swap_probe_tells_a_preference_from_skill():
    """Cosines of the photograph with caption and swap are set by hand."""
    pairs = [
        Pair(0, "male", "", ""),
        Pair(1, "male", "", ""),
        Pair(2, "female", "", ""),
        Pair(3, "female", "", ""),
    ]
    photographs = np.tile(np.float32([1, 0]), (4, 1))
    captions = np.float32([[0.9, 0], [0.8, 0], [0.6, 0], [0.5, 0]])
    swapped = np.float32([[0.5, 0], [0.6, 0], [0.5, 0], [0.5, 0]])  # the last is a tie
    found = swap_probe(photographs, pairs, captions, swapped)
    assert [found.right[k].value for k in ("male", "female", "bias")] == [1, 0.75, 0.25]
    shifts = [found.shift[k].value for k in ("male", "female", "bias")]
    np.testing.assert_allclose(shifts, [0.3, 0.05, 0.25], atol=1e-6)
    assert [found.shift[k].n for k in ("male", "female", "bias")] == [2, 2, 4]


def test_swap_probe_of_a_model_that_always_prefers_male_words_has_the_whole_bias():
    pairs = [Pair(n, "male" if n % 2 else "female", "", "") for n in range(40)]
    photographs = np.tile(np.float32([1, 0]), (40, 1))
    male, female = np.float32([0.6, 0]), np.float32([0.4, 0])
    captions = np.stack([male if n % 2 else female for n in range(40)])
    found = swap_probe(photographs, pairs, captions, captions[::-1])
    assert (found.right["male"].value, found.right["female"].value) == (1, 0)
    assert (found.right["bias"].value, found.right["bias"].low, found.right["bias"].high) == (1, 1, 1)
    assert found.shift["bias"].value == pytest.approx(0.4, abs=1e-6)


def test_swap_probe_needs_both_genders():
    with pytest.raises(UsageError, match="names one female person"):
        swap_probe(unit([1, 0]), [Pair(0, "male", "", "")], unit([1, 0]), unit([0, 1]))


def test_runner_puts_labels_and_people_into_tables():
    photos = [np.full((1, 4, 4, 3), COLOURS[name], np.uint8) for name in ("red", "green", "blue", "red")]
    labels = label_probe(
        ColourEmbedder(), photos, ["red", "green", "blue", "grey"], ["red reds", "a red", "blue"]
    )
    assert labels["frequency"]["of_label"] == {"blue": 1, "green": 0, "grey": 0, "red": 2}
    none, some = labels["frequency"]["bins"]
    assert (none["n_labels"], none["accuracy"]["value"]) == (2, 0.5)
    assert (some["n_labels"], some["accuracy"]["value"]) == (2, 1)
    assert sum(b["accuracy"]["n"] for b in labels["ambiguity"]["bins"]) == 4
    assert "| frequency | 0 to 1 | 2 | 2 | 50.0 | 0.0 to 100.0 |" in label_table(labels)
    captions = [["a man in red"], ["a woman in green"]]
    table = person_table(person_probe(ColourEmbedder(), photos[:2], captions))
    assert "| male -> female | 1 | 50.0 | 50.0 to 50.0 | 0.000 | 0.000 to 0.000 |" in table
