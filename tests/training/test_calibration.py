"""Temperature and threshold against vectors whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from vlret.training.calibration import CANDIDATES, calibrate


def made(noise: float, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    clips = rng.normal(size=(n, 32))
    texts = clips + noise * rng.normal(size=(n, 32))
    clips, texts = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (clips, texts))
    return clips.astype(np.float32), texts.astype(np.float32), np.arange(n)


def test_worse_vectors_get_a_higher_temperature() -> None:
    assert calibrate(*made(0.5)).temperature < calibrate(*made(2.0)).temperature


@pytest.mark.parametrize("noise", [1.5, 2.5])
def test_probabilities_are_as_often_right_as_they_say(noise: float) -> None:
    clips, texts, _ = made(noise, 2000)
    temperature = calibrate(*made(noise, 2000)).temperature
    rng = np.random.default_rng(1)
    sure, right = [], []
    for n in range(len(clips)):
        candidates = np.append(rng.choice(len(clips), CANDIDATES - 1, replace=False), n)
        powers = np.exp(texts[candidates] @ clips[n] / temperature)
        sure.append(powers.max() / powers.sum())
        right.append(powers.argmax() == CANDIDATES - 1)
    assert abs(np.mean(sure) - np.mean(right)) < 0.05


def test_the_threshold_tells_lists_with_the_right_text_from_others() -> None:
    clips, texts, owner = made(1.5)
    found = calibrate(clips, texts, owner)
    rng = np.random.default_rng(2)
    told = []
    for n in range(len(clips)):
        others = rng.choice(np.delete(owner, n), CANDIDATES, replace=False)
        for candidates, known in ((np.append(others[1:], n), True), (others, False)):
            powers = np.exp(texts[candidates] @ clips[n] / found.temperature)
            told.append((powers.max() / powers.sum() >= found.unknown_threshold) == known)
    assert np.mean(told) > 0.7


def test_captions_of_one_clip_count_once() -> None:
    clips, texts, owner = made(0.5)
    assert calibrate(clips, np.repeat(texts, 2, 0), np.repeat(owner, 2)) == calibrate(clips, texts, owner)
