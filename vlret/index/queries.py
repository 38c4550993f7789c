"""Query vectors as they are given to an index."""

from __future__ import annotations

import numpy as np

from vlret.errors import UsageError
from vlret.types import Vectors, type_name
from vlret.vectors import first_invalid_row, unit_rows


def unit_queries(vectors: Vectors, dim: int) -> Vectors:
    """The queries as float32 [q, dim] of unit length.

    Raises:
        UsageError: they are no array of numbers or have another shape, or one is zero or not finite.
    """
    try:
        queries = np.asarray(vectors, np.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"Query vectors were given as {type_name(vectors)}.",
            f"Give float32 [q, {dim}]; for sentences and files use vlret.search.",
            code="bad_query_vectors",
        ) from error
    if queries.ndim != 2 or queries.shape[1] != dim:
        raise UsageError(
            f"Query vectors have the shape {queries.shape}.",
            f"Give float32 [q, {dim}].",
            code="vector_shape",
            given=queries.shape,
            dim=dim,
        )
    if first_invalid_row(queries) is not None:
        raise UsageError(
            "A query vector is zero or not finite.",
            "Give finite vectors other than zero.",
            code="vector_not_unit",
        )
    return np.ascontiguousarray(unit_rows(queries))
