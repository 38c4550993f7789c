"""Unit length: exact values, dtypes, and rows without a direction."""

from __future__ import annotations

import numpy as np
import pytest

from vlret.vectors import first_invalid_row, unit_rows, unit_vector


def test_rows_and_single_vectors_get_unit_length():
    rows = unit_rows(np.array([[3, 4], [0, -2]], np.float32))
    assert rows.dtype == np.float32
    assert rows.tolist() == [[np.float32(0.6), np.float32(0.8)], [0, -1]]
    assert unit_vector(np.array([6.0, 8.0])).tolist() == [np.float32(0.6), np.float32(0.8)]


def test_the_division_is_done_in_the_dtype_given():
    rows = np.random.default_rng(0).standard_normal((50, 7))
    expected = (rows / np.sqrt((rows * rows).sum(1, keepdims=True))).astype(np.float32)
    assert np.array_equal(unit_rows(rows), expected)


@pytest.mark.parametrize(
    "row", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0], [1e30, 1e30]]
)  # the squares of the last overflow float32
def test_a_row_without_direction_is_found_without_a_warning(row, recwarn):
    vectors = np.array([[1.0, 0.0], row, row], np.float32)
    assert first_invalid_row(vectors) == 1
    assert first_invalid_row(vectors[:1]) is None
    unit_rows(vectors)
    assert not recwarn.list


def test_no_rows_are_fine():
    assert first_invalid_row(np.empty((0, 3), np.float32)) is None
    assert unit_rows(np.empty((0, 3), np.float32)).shape == (0, 3)
