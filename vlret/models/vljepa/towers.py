"""Single towers of a saved model in torch, each loaded alone from its own file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.encoders import YEncoder
from vlret.models.vljepa.modeling import refuse_mismatch
from vlret.types import Vectors

Tower = TypeVar("Tower", bound=nn.Module)


def load_tower(kind: type[Tower], name: str, folder: Path, config: VLJEPAConfig) -> Tower:
    """One tower (`x_encoder`, `predictor` or `y_encoder`) in float32, ready for inference.

    Raises:
        ModelError: a weight is missing or left over.
    """
    state = load_file(folder / f"{name}.safetensors")
    state = {key.removeprefix(f"{name}."): value for key, value in state.items() if key != "logit_scale"}
    tower = kind(config)
    report = tower.load_state_dict({k: _float32(v) for k, v in state.items()}, strict=False)
    refuse_mismatch(str(folder / f"{name}.safetensors"), report.missing_keys, report.unexpected_keys)
    return tower.eval().requires_grad_(False)


class TorchYEncoder:
    """Any Y-encoder, with the two calls of `NumpyYEncoder`."""

    def __init__(self, folder: Path, config: VLJEPAConfig, device: torch.device) -> None:
        self.tower = load_tower(YEncoder, "y_encoder", folder, config).to(device)
        self.device = device
        self.pad = config.pad_token_id or 0

    def embed(self, texts: Sequence[list[int]]) -> Vectors:
        """Target embeddings float32 [n, dim], not normalised, of lists of token ids."""
        return self._batches(texts, self.tower)

    def pool(self, texts: Sequence[list[int]]) -> Vectors:
        """Mean of the last hidden states float32 [n, hidden]: what a query puts into the predictor."""
        return self._batches(texts, self.tower.pool)

    @torch.inference_mode()
    def _batches(
        self, texts: Sequence[list[int]], call: Callable[..., torch.Tensor], batch: int = 64
    ) -> Vectors:
        rows = [
            call(*(part.to(self.device) for part in padded(texts[first : first + batch], self.pad)))
            for first in range(0, len(texts), batch)
        ]
        return np.asarray(torch.cat(rows).float().cpu().numpy())


def padded(texts: Sequence[list[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids int64 [n, longest] and their bool mask from lists of ids."""
    ids = torch.full((len(texts), max(map(len, texts))), pad)
    mask = torch.zeros_like(ids, dtype=torch.bool)
    for row, tokens in enumerate(texts):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = True
    return ids, mask


def _float32(value: torch.Tensor) -> torch.Tensor:
    return value.float() if value.is_floating_point() else value
