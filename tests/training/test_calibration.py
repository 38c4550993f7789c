"""Temperature and threshold against vectors whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from vlret.training.calibration import LIST_SIZES, calibrate, make_lists


def made(noise: float, n: int = 600, n_labels: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cosines of clips that show one of the labels each, under noise, and what is present and absent."""
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(n_labels, 32))
    own = rng.integers(0, n_labels, n)
    clips = labels[own] + noise * rng.normal(size=(n, 32))
    clips, labels = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (clips, labels))
    present = own[:, None] == np.arange(n_labels)
    return (clips @ labels.T).astype(np.float32), present, ~present


def test_lists_hold_the_present_label_first_and_absent_ones_behind() -> None:
    present = np.zeros((5, 40), bool)
    present[:4, 7] = True
    absent = ~present
    absent[:, 3] = False
    marked = np.where(present, 1.0, np.where(absent, 0.0, 9.0)).astype(np.float32)
    lists = make_lists(marked, present, absent)
    assert [rows.shape for rows in lists] == [(4, size + 1) for size in LIST_SIZES]
    assert all((rows[:, 0] == 1).all() and (rows[:, 1:] == 0).all() for rows in lists)


def test_without_a_present_label_there_are_no_lists() -> None:
    nothing = np.zeros((5, 40), bool)
    assert make_lists(np.zeros((5, 40), np.float32), nothing, ~nothing) == []


def test_a_model_that_is_never_right_has_no_threshold() -> None:
    cosines, present, absent = made(0.5)
    assert calibrate(make_lists(-cosines, present, absent)).unknown_threshold is None


def test_worse_vectors_get_a_higher_temperature() -> None:
    assert calibrate(make_lists(*made(0.5))).temperature < calibrate(make_lists(*made(2.0))).temperature


@pytest.mark.parametrize("noise", [1.5, 2.5])
def test_probabilities_are_as_often_right_as_they_say(noise: float) -> None:
    temperature = calibrate(make_lists(*made(noise))).temperature
    sure, right = [], []
    for rows in make_lists(*made(noise, 2000), seed=1):
        powers = np.exp(rows[:, :-1] / temperature)
        sure += (powers.max(1) / powers.sum(1)).tolist()
        right += (powers.argmax(1) == 0).tolist()
    assert abs(np.mean(sure) - np.mean(right)) < 0.05


def test_the_threshold_tells_right_labels_from_lists_without_the_truth() -> None:
    found = calibrate(make_lists(*made(1.5)))
    kept, rejected = [], []
    for rows in make_lists(*made(1.5, 2000), seed=1):
        for scores, is_known in ((rows[:, :-1], True), (rows[:, 1:], False)):
            powers = np.exp(scores / found.temperature)
            sure = powers.max(1) / powers.sum(1) >= found.unknown_threshold
            if is_known:
                kept += sure[powers.argmax(1) == 0].tolist()
            else:
                rejected += (~sure).tolist()
    assert np.mean(kept) > 0.75
    assert np.mean(rejected) > 0.75
