"""Vectors at unit length: the one place where they are normalised in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlret.types import Vectors


def unit_rows(vectors: NDArray[Any]) -> Vectors:
    """The rows of `vectors` [n, dim] at unit length, float32 [n, dim]; NaN where `first_invalid_row` finds one.

    The division is done in the dtype of `vectors`.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def unit_vector(vector: NDArray[Any]) -> Vectors:
    """A vector [dim] at unit length, float32 [dim]; NaN where it is zero."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def first_invalid_row(vectors: NDArray[Any]) -> int | None:
    """The position of the first row that has no direction: it is zero or not finite. None: all are good."""
    with np.errstate(invalid="ignore", over="ignore"):
        norms = np.linalg.norm(vectors, axis=1)
    invalid = ~np.isfinite(norms) | (norms == 0)
    return int(invalid.argmax()) if invalid.any() else None
