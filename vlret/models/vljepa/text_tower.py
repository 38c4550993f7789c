"""The Y-encoder of a saved model: numpy where start-up time counts, torch for many texts and on a GPU."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlret.models.vljepa.registry import tower_file
from vlret.types import Vectors

if TYPE_CHECKING:
    from vlret.models.vljepa.load_towers import TorchYEncoder
    from vlret.models.vljepa.text import NumpyYEncoder

FEW_TEXTS = 16
"""Up to so many texts numpy is used on a machine with a GPU, too: a row of a query does not depend on other imports."""
MANY_TEXTS = 4096
"""From so many texts on, torch on a CPU makes up for its import: 4.2 and 6.1 ms a text, 6.8 s the import (one core)."""


class TextTower:
    """Lists of token ids to embeddings, by whichever implementation is done first; both agree to 1e-4."""

    def __init__(
        self, folder: Path, settings: dict[str, Any], device: str, load_torch: Callable[[], TorchYEncoder]
    ) -> None:
        """`settings` are the fields of config.json, `device` is the name that the user gave."""
        self.folder, self.settings, self.load_torch = folder, settings, load_torch
        self.device = device
        is_like_bert = settings["y_config"]["model_type"] == "bert"
        self.has_numpy = is_like_bert and device in ("auto", "cpu")

    def embed(self, texts: Sequence[list[int]]) -> Vectors:
        """Return target embeddings float32 [n, dim], not normalised, of lists of token ids."""
        return self._encoder(len(texts)).embed(texts)

    def pool(self, texts: Sequence[list[int]]) -> Vectors:
        """Return the means of the last hidden states, float32 [n, hidden]: the predictor reads those of a query."""
        return self._encoder(len(texts)).pool(texts)

    @cached_property
    def in_numpy(self) -> NumpyYEncoder:
        """Needs no import of torch or transformers."""
        from vlret.models.vljepa.text import NumpyYEncoder

        file = tower_file(self.folder, "y_encoder")
        return NumpyYEncoder(file, self.settings["y_config"], self.settings["dim"])

    @cached_property
    def in_torch(self) -> TorchYEncoder:
        """Runs on the model's device."""
        return self.load_torch()

    def _encoder(self, n_texts: int) -> NumpyYEncoder | TorchYEncoder:
        prefers_torch = n_texts >= MANY_TEXTS or (n_texts > FEW_TEXTS and self._sees_gpu())
        return self.in_torch if prefers_torch or not self.has_numpy else self.in_numpy

    def _sees_gpu(self) -> bool:
        """Whether the device is a GPU; without torch, which is not imported to find out, it is not known to be one."""
        if self.device != "auto" or "torch" not in sys.modules:
            return False
        from vlret.models.device import pick_device

        return pick_device("auto").type != "cpu"
