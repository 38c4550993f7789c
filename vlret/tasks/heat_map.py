"""A heat map: which part of a frame answers a query, by covering one part after the other."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from vlret.models.base import Embedder
from vlret.types import Pixels, Vectors

ROWS, COLUMNS = 7, 7


def heat_map(
    model: Embedder, frame: Pixels, vector: Vectors, rows: int = ROWS, columns: int = COLUMNS
) -> NDArray[np.float32]:
    """How much each cell of a frame adds to its cosine with a query; for any model, in rows x columns + 1 frames.

    Args:
        frame: uint8 [height, width, 3] with at least as many pixels as cells on each side.
        vector: the query, float32 [dim], unit length.

    Returns:
        float32 [rows, columns]: the cosine of the frame less that of the frame with the cell covered by its mean
        colour (Zeiler and Fergus 2014, arXiv 1311.2901, section 4.2).
    """
    covered = [_covered(frame, rows, columns, cell) for cell in product(range(rows), range(columns))]
    scores = model.embed_clips([frame, *covered]) @ vector
    lost: NDArray[np.float32] = (scores[0] - scores[1:]).reshape(rows, columns)
    return lost


def _covered(frame: Pixels, rows: int, columns: int, cell: tuple[int, int]) -> Pixels:
    """The frame with one cell in the frame's mean colour."""
    (top, bottom), (left, right) = (
        (number * side // n, (number + 1) * side // n)
        for number, side, n in zip(cell, frame.shape, (rows, columns), strict=False)
    )
    covered = frame.copy()
    covered[top:bottom, left:right] = frame.mean((0, 1)).round()
    return covered
