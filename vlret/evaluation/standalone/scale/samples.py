"""The model, the real vectors and the queries of `vlret bench scale`: what vljepa-mini comes with."""

from __future__ import annotations

import numpy as np

from vlret.evaluation.standalone.scale.drawn_vectors import FILE_CLIPS, DrawnVectors
from vlret.models.base import Embedder
from vlret.models.captioners.bank import read_bank
from vlret.models.registry import ASSETS, load_model
from vlret.tasks.calibration_file import FILE, read_calibration
from vlret.types import Vectors

MODEL = "vljepa-mini"
N_QUERIES = 200
_NOT_INDEXED = 10**9
"""Number of the first file of the clips that are queries: no index has as many."""


def load_embedder() -> Embedder:
    """The model; its card alone is needed."""
    return load_model(MODEL, dtype="float32")


def drawn_vectors(model: Embedder) -> DrawnVectors:
    """Vectors drawn around those of the 2,000 photographs of the model's calibration."""
    return DrawnVectors.around(read_calibration(ASSETS / MODEL / FILE, model.card).null)


def text_queries() -> Vectors:
    """The vectors of `N_QUERIES` sentences of the model's bank, float32 [n, dim], unit length."""
    bank = read_bank(ASSETS / MODEL / "bank.parquet")
    return np.ascontiguousarray(bank.vectors[:: len(bank.texts) // N_QUERIES][:N_QUERIES])


def clip_queries(drawn: DrawnVectors) -> Vectors:
    """The vectors of `N_QUERIES` clips that no index has, each of another file, float32 [n, dim], unit length."""
    return np.ascontiguousarray(drawn.of_files(_NOT_INDEXED, N_QUERIES)[::FILE_CLIPS])
