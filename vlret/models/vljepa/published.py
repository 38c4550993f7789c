"""Weights under the names that others publish them by, to those of a module here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import torch
from safetensors import safe_open

from vlret.models.vljepa.checks import refuse_mismatch
from vlret.models.weights import FLOATS, read_header, require_tensor

Rename: TypeAlias = Callable[[str], str | None]
"""A published name to the name here; None for a weight that has no use here."""


def vjepa2(key: str) -> str | None:
    """The encoder of a V-JEPA 2 as transformers saves it; its mask predictor has no use here."""
    return None if key.startswith("predictor.") else key.removeprefix("encoder.")


def read_published(
    file: Path, expected: Mapping[str, torch.Tensor], rename: Rename, what: str
) -> dict[str, torch.Tensor]:
    """Return the weights of a safetensors file by their names in `expected`, in the number format of the file.

    Names and shapes are checked before any of them is read. `what` says whose weights these are to be.

    Raises:
        ModelError: the file is missing or damaged, or does not hold exactly the weights `expected`.
    """
    header = read_header(file)
    names = {own: name for name in header if (own := rename(name)) is not None}
    refuse_mismatch(str(file), expected.keys() - names.keys(), names.keys() - expected.keys(), what)
    for own, tensor in expected.items():
        require_tensor(file, names[own], header[names[own]], tensor.shape, FLOATS)
    with safe_open(file, "pt") as tensors:
        return {own: tensors.get_tensor(names[own]) for own in expected}
