"""Tiny models of each family, saved once, and frames."""

from __future__ import annotations

import numpy as np
import pytest
from transformers.models.smolvlm import processing_smolvlm

from tests.models.vlm.folders import FAMILIES
from vlret.types import Frames


@pytest.fixture(autouse=True)
def _number_words(monkeypatch):
    """A stand-in for num2words, which the processor of SmolVLM 2 wants."""
    monkeypatch.setattr(processing_smolvlm, "num2words", str)


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """`saved(family)` is the directory of its model."""
    folders = {}

    def save(family):
        if family not in folders:
            folders[family] = FAMILIES[family](tmp_path_factory.mktemp("vlm") / family)
        return folders[family]

    return save


def frames(n, seed=0):
    """`n` random frames of 24 x 20 pixels, two a second."""
    pixels = np.random.default_rng(seed).integers(0, 256, (n, 20, 24, 3), np.uint8)
    return Frames(pixels, 3 + np.arange(n) / 2)
