"""Drawn vectors of 16 dimensions, and a recipe for an index of them."""

from __future__ import annotations

import numpy as np

from vlret.evaluation.standalone.scale.drawn_vectors import DrawnVectors
from vlret.index.manifest import IndexRecipe
from vlret.models.base import ModelCard
from vlret.vectors import unit_rows

DIM = 16


def drawn() -> DrawnVectors:
    return DrawnVectors.around(unit_rows(np.random.default_rng(0).normal(size=(50, DIM))))


def recipe() -> IndexRecipe:
    card = ModelCard("drawn", "1", "0" * 64, DIM, 8, 32, "squash", "MIT", ("{}",), 0.1, 77)
    return IndexRecipe("drawn", card, "", "float32", "window:5", 8, "midpoint", "pyav")
