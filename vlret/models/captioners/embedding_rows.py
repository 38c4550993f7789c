"""Checks the embeddings that a captioner is given."""

from __future__ import annotations

import numpy as np

from vlret.errors import UsageError
from vlret.types import Vectors, type_name
from vlret.vectors import first_invalid_row, unit_rows


def embedding_rows(embeddings: object, dim: int) -> Vectors:
    """Return `embeddings` at unit length, float32 [n, dim]; n may be 0.

    Raises:
        UsageError: it is no array of numbers of this shape, or a row is zero or not finite.
    """
    hint = f"Give float32 [n, {dim}]."
    if not isinstance(embeddings, np.ndarray) or embeddings.dtype.kind not in "fiu":
        given = type_name(embeddings)
        raise UsageError(f"Embeddings were given as {given}.", hint, code="wrong_type", given=given)
    if embeddings.ndim != 2 or embeddings.shape[1] != dim:
        shape = embeddings.shape
        raise UsageError(
            f"Embeddings have the shape {shape}.", hint, code="vector_shape", given=shape, dim=dim
        )
    rows = embeddings.astype(np.float32)
    invalid = first_invalid_row(rows)
    if invalid is not None:
        raise UsageError(
            f"Embedding {invalid + 1} of {len(rows)} is zero or not finite.",
            "Give finite vectors other than zero.",
            code="vector_not_unit",
            row=invalid,
        )
    return unit_rows(rows)
