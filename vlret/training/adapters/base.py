"""The interface between training and a family of X-encoders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from vlret.errors import ModelError
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.encoders import XEncoder
from vlret.types import Pixels


class XEncoderAdapter(Protocol):
    """An X-encoder in two halves: first stages, frozen, whose activations are cached, and last ones that learn."""

    def supports(self, x_config: Any) -> bool:
        """Return whether the X-encoder with this transformers configuration is of the family."""

    def load_published(self, encoder: XEncoder, file: Path) -> None:
        """Load weights as they were published.

        Raises:
            ModelError: `file` does not exist or does not hold weights of this encoder.
        """

    def first_stages(self, embedder: VLJEPA, views: Sequence[Pixels]) -> torch.Tensor:
        """Return activations float32 [n, ...] on the CPU of one-frame clips uint8 [1, h, w, 3]."""

    def last_stages(self, embedder: VLJEPA, activations: torch.Tensor) -> torch.Tensor:
        """Return visual tokens float32 [n, tokens, x_width] on the CPU of activations of the first stages."""

    def trainable(self, encoder: XEncoder) -> nn.Module:
        """Return a copy of the last stages, whose parameters that learn require a gradient."""

    def pooled(self, stages: nn.Module, activations: torch.Tensor) -> torch.Tensor:
        """Return what `trainable` stages make of activations [n, ...], averaged over places: [n, x_width]."""

    def write_back(self, stages: nn.Module, encoder: XEncoder) -> None:
        """Copy the parameters that `trainable` stages have learned into `encoder`."""


def existing_weights(file: Path) -> Path:
    """Return `file`, published weights that a recipe names.

    Raises:
        ModelError: it does not exist.
    """
    if not file.is_file():
        raise ModelError(
            f"{file} does not exist.",
            "Run `make weights` for those of recipes/mini, or correct [initial] in the recipe.",
            code="file_missing",
            path=file,
        )
    return file
