"""Single towers of a saved model in torch, each loaded alone from its own file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from vlret.models.bounded import dry_run
from vlret.models.folder import as_model_error
from vlret.models.hub import offline
from vlret.models.vljepa.checks import existing, refuse_mismatch
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.encoders import YEncoder
from vlret.models.vljepa.registry import LOG_SCALE, TOWERS, tower_file
from vlret.models.weights import FLOATS, read_header, require_tensor
from vlret.types import Vectors

_WHOLE = {torch.int8: ("I8",), torch.int64: ("I64",)}


def load_tower(name: str, folder: Path, config: VLJEPAConfig) -> nn.Module:
    """One tower of `registry.TOWERS` in float32, ready for inference.

    Raises:
        ModelError: the file is missing or damaged, or a weight is missing, unexpected or of another shape.
    """
    file = existing(tower_file(folder, name))
    with offline(), as_model_error(f"{name} of {folder} cannot be loaded"):
        _check_fit(dry_run(lambda: TOWERS[name].build(config), [file]), name, file)
        tower = TOWERS[name].build(config)
        tower.load_state_dict({_own(key, name): _float32(value) for key, value in load_file(file).items()
                               if key != LOG_SCALE})  # fmt: skip
    return tower.eval().requires_grad_(False)


def _check_fit(empty: nn.Module, name: str, file: Path) -> None:
    """Set the header of the weights against a tower that takes no memory yet."""
    header = {_own(key, name): tensor for key, tensor in read_header(file).items() if key != LOG_SCALE}
    expected = empty.state_dict()
    refuse_mismatch(str(file), expected.keys() - header.keys(), header.keys() - expected.keys())
    for key, tensor in expected.items():
        dtypes = FLOATS if tensor.is_floating_point() else _WHOLE[tensor.dtype]
        require_tensor(file, key, header[key], tensor.shape, dtypes)


def _own(key: str, name: str) -> str:
    return key.removeprefix(f"{name}.")


class TorchYEncoder:
    """Any Y-encoder in torch, with the methods of `NumpyYEncoder`."""

    def __init__(self, folder: Path, config: VLJEPAConfig, device: torch.device) -> None:
        self.tower = cast("YEncoder", load_tower("y_encoder", folder, config).to(device))
        self.device = device
        self.pad = config.pad_token_id or 0

    def embed(self, texts: Sequence[list[int]]) -> Vectors:
        """Return target embeddings float32 [n, dim], not normalised, of lists of token ids."""
        return self._batches(texts, self.tower)

    def pool(self, texts: Sequence[list[int]]) -> Vectors:
        """Return the means of the last hidden states, float32 [n, hidden]."""
        return self._batches(texts, self.tower.pool)

    @torch.inference_mode()
    def _batches(
        self, texts: Sequence[list[int]], call: Callable[..., torch.Tensor], batch: int = 64
    ) -> Vectors:
        # shortest first: a long text must not pad the short ones
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        parts = [[texts[i] for i in order[first : first + batch]] for first in range(0, len(order), batch)]
        rows = torch.cat([call(*(t.to(self.device) for t in padded(part, self.pad))) for part in parts])
        return np.asarray(rows[np.argsort(order)].float().cpu().numpy())


def padded(texts: Sequence[list[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token ids int64 [n, longest] and their bool mask from lists of ids."""
    ids = torch.full((len(texts), max(map(len, texts))), pad)
    mask = torch.zeros_like(ids, dtype=torch.bool)
    for row, tokens in enumerate(texts):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = True
    return ids, mask


def _float32(value: torch.Tensor) -> torch.Tensor:
    return value.float() if value.is_floating_point() else value
