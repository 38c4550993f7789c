"""Drawn vectors: where they lie, and that each can be drawn alone."""

from __future__ import annotations

import numpy as np
import pytest

from vlret.evaluation.standalone.scale.drawn_vectors import FILE_CLIPS, DrawnVectors
from vlret.evaluation.standalone.scale.samples import clip_queries, drawn_vectors, load_embedder, text_queries
from vlret.vectors import unit_rows

N_FILES = 2000


@pytest.fixture(scope="module")
def real():
    """Vectors that fill 4 of 16 directions, the first one most."""
    lengths = np.array([4, 2, 1, 1] + [0] * 12)
    return unit_rows(np.random.default_rng(0).normal(size=(300, 16)) * lengths)


def test_a_file_is_drawn_alike_each_time(real):
    drawn = DrawnVectors.around(real)
    assert np.array_equal(drawn.of_files(7, 3), drawn.of_files(7, 3))
    assert not np.array_equal(drawn.of_files(7, 3), drawn.of_files(8, 3))


def test_they_fill_the_directions_of_the_real_ones(real):
    vectors = DrawnVectors.around(real).of_files(0, N_FILES)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs(vectors[:, 4:]).max() < 1e-5
    assert vectors[:, 0].std() > 1.2 * vectors[:, 1].std() > 1.4 * vectors[:, 2].std()


def test_cosines_of_the_noise():
    """Lengths 1/2 and 1/2: clips of a file have 1.25 of 1.5 in common, a clip and its centre 1 of its length."""
    drawn = DrawnVectors.around(np.eye(400, dtype=np.float32))
    vectors = drawn.of_files(0, N_FILES).reshape(N_FILES, FILE_CLIPS, -1)
    within = (vectors[:, 0] * vectors[:, 1]).sum(1).mean()
    assert within == pytest.approx(
        1 / 1.25, abs=0.01
    )  # the file is at unit length before its clips are drawn
    centre = vectors.max(2).mean()
    assert centre == pytest.approx(1 / 1.25, abs=0.03)


def test_the_samples_of_the_shipped_model():
    drawn = drawn_vectors(load_embedder())
    assert drawn.real.shape == (2000, 384)
    texts, clips = text_queries(), clip_queries(drawn)
    assert texts.shape == clips.shape == (200, 384)
    assert len(np.unique(texts, axis=0)) == 200
    assert np.linalg.norm(clips, axis=1) == pytest.approx(1, abs=1e-5)
