"""Weights of vljepa-mini, or of a model with its configuration, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from vlret.models.vljepa.checks import existing, refuse_mismatch
from vlret.models.vljepa.registry import LOG_SCALE, tower_file
from vlret.models.weights import FLOATS, Tensor, read_header, require_tensor

MINI = Path(__file__).parents[3] / "assets" / "vljepa-mini"
TOWERS = ("x_encoder", "predictor")


def mini_weights(folder: Path, tower: str) -> dict[str, NDArray[Any]]:
    """The weights of a tower as float32, by their names without the tower's.

    Raises:
        ModelError: names, shapes or types are not those of vljepa-mini, which config.json describes.
    """
    file = existing(tower_file(folder, tower))
    found, expected = _header(file), _header(tower_file(MINI, tower))
    refuse_mismatch(str(file), expected.keys() - found.keys(), found.keys() - expected.keys())
    for name, tensor in expected.items():
        dtypes = FLOATS if tensor.dtype in FLOATS else (tensor.dtype,)
        require_tensor(file, name, found[name], tensor.shape, dtypes)
    return {
        name.removeprefix(f"{tower}."): value.astype(np.float32)
        for name, value in load_file(file).items()
        if name != LOG_SCALE
    }


def has_bfloat16(folder: Path) -> bool:
    """Whether weights are in bfloat16, which numpy does not read."""
    return any(
        tensor.dtype == "BF16" for tower in TOWERS for tensor in _header(tower_file(folder, tower)).values()
    )


def _header(file: Path) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in read_header(file).items() if name != LOG_SCALE}
