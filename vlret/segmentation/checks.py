"""The arguments that the functions of this package share."""

from __future__ import annotations

import math
from numbers import Integral, Real

import numpy as np

from vlret.errors import UsageError
from vlret.types import Vectors, type_name


def check_vectors(vectors: Vectors) -> None:
    """Raise `UsageError` unless `vectors` is a finite array of floats [n, dim]."""
    if not isinstance(vectors, np.ndarray) or vectors.ndim != 2:
        given = vectors.shape if isinstance(vectors, np.ndarray) else type_name(vectors)
        raise UsageError(
            f"Vectors were given as {given}.",
            "Give a numpy array [n, dim].",
            code="vector_shape",
            given=given,
        )
    if not np.isfinite(vectors).all():
        raise UsageError("A vector is not finite.", "Leave it out.", code="vector_not_finite")


def check_n_segments(n_segments: object, n_rows: int) -> None:
    """Raise `UsageError` unless `n_rows` rows can be cut into `n_segments`; no rows have no segments."""
    if not isinstance(n_segments, Integral) or not 0 < int(n_segments) <= max(n_rows, 1):
        raise UsageError(
            f"{n_segments!r} segments of {n_rows} vectors were requested.",
            f"Give 1 to {max(n_rows, 1)}.",
            code="bad_n_segments",
            given=n_segments,
            allowed=n_rows,
        )


def check_threshold(threshold: object) -> None:
    """Raise `UsageError` unless `threshold` is a number from 0 on."""
    if not isinstance(threshold, Real) or math.isnan(threshold) or threshold < 0:
        raise UsageError(
            f"The threshold of segments was given as {threshold!r}.",
            "Give a number from 0 on.",
            code="bad_segment_threshold",
            given=threshold,
        )


def not_one(n_segments: object, threshold: object) -> UsageError:
    """Return the error about both or none of two ways to say how many segments there are."""
    return UsageError(
        f"n_segments={n_segments} and threshold={threshold} were given.",
        "Give one of them.",
        code="n_segments_or_threshold",
    )
