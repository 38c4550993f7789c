"""The ranges of activations for int8, measured on training frames and kept beside the weights they belong to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from vlret.errors import ModelError
from vlret.files import replace_file
from vlret.models.fields import numbers
from vlret.models.folder import AGAIN, read_object
from vlret.models.vljepa.registry import tower_file
from vlret.models.weights import sha256

if TYPE_CHECKING:
    from vlret.models.vljepa.engines.x_encoder_graph import Ranges


def ranges_file(folder: Path) -> Path:
    """The file of a model directory that holds the ranges; `x_encoder` in it is the SHA-256 of the weights."""
    return folder / "int8.json"


def write_ranges(folder: Path, ranges: Ranges) -> None:
    """Keep the ranges of the X-encoder in `folder`."""
    values = {"x_encoder": sha256([tower_file(folder, "x_encoder")]), "ranges": ranges}
    replace_file(ranges_file(folder), (json.dumps(values, indent=1) + "\n").encode())


def read_ranges(folder: Path) -> Ranges:
    """The ranges of the X-encoder in `folder`.

    Raises:
        ModelError: the file is damaged, or belongs to other weights.
    """
    file = ranges_file(folder)
    values = read_object(file)
    if values.get("x_encoder") != sha256([tower_file(folder, "x_encoder")]):
        raise ModelError(
            f"{file} belongs to other weights than {tower_file(folder, 'x_encoder')}.",
            "Measure them again: python -m benchmarks.mini.int8",
            code="weights_mismatch",
            path=file,
        )
    ranges = values.get("ranges")
    try:
        if not isinstance(ranges, dict):
            raise ValueError("field ranges is no object")
        return {name: _pair(ranges, name) for name in ranges}
    except ValueError as error:
        raise ModelError(f"Damaged {file}: {error}.", AGAIN, code="damaged_config", path=file) from error


def _pair(ranges: dict[str, object], name: str) -> tuple[float, float]:
    low, high = numbers(ranges, name, 2)
    return low, high
