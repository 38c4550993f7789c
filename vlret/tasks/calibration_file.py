"""The file `calibration.safetensors` in the folder of a VL-JEPA."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vlret.errors import ModelError
from vlret.files import replace_file
from vlret.models.base import Embedder, ModelCard
from vlret.models.captioners.bank import SPACE
from vlret.models.fields import number, numbers
from vlret.models.folder import AGAIN
from vlret.models.vljepa.checks import CALIBRATION
from vlret.tasks.calibration import Calibration
from vlret.text import printable
from vlret.types import Vectors
from vlret.vectors import first_invalid_row, unit_rows

FILE = CALIBRATION
CURVES = "vlret-calibration"
"""The key of the file's metadata that holds the curves and the threshold, as JSON."""
_SPACE = SPACE.decode()
_VECTORS = "vectors"
_MOST_CLIPS = 1 << 16


def load_calibration(embedder: Embedder) -> Calibration | None:
    """The calibration in the folder of a VL-JEPA; None where there is none.

    Raises:
        ModelError: it is damaged, or was fitted for other weights.
    """
    from vlret.models.vljepa.embedder import VLJEPA

    file = embedder.folder / FILE if isinstance(embedder, VLJEPA) else None
    return read_calibration(file, embedder.card) if file and file.is_file() else None


def save_calibration(calibration: Calibration, file: Path, card: ModelCard) -> None:
    """Write a calibration for the model of `card`: the tensor `vectors`, and the rest as metadata.

    Raises:
        OutputError: the file cannot be written.
    """
    from safetensors.numpy import save

    curves = {"hit": calibration.hit, "answer": calibration.answer, "least": calibration.least}
    facts = {_SPACE: card.weights_hash, CURVES: json.dumps(curves)}
    replace_file(file, save({_VECTORS: calibration.null.astype(np.float16)}, facts))


def read_calibration(file: Path, card: ModelCard) -> Calibration:
    """The calibration in a file, which may be a stranger's.

    Raises:
        ModelError: it is damaged, or was fitted for other weights than those of `card`.
    """
    from safetensors import SafetensorError

    try:
        return _read(file, card)
    except (OSError, ValueError, SafetensorError) as error:
        reason = printable(" ".join(str(error).split())).rstrip(".")
        raise ModelError(
            f"Damaged {printable(file)}: {reason}.", AGAIN, code="damaged_calibration", path=file
        ) from error


def _read(file: Path, card: ModelCard) -> Calibration:
    from safetensors import safe_open

    with safe_open(file, "numpy") as opened:
        values = _curves(opened.metadata() or {}, card)
        claimed = opened.get_slice(_VECTORS)
        n, *dim = claimed.get_shape()
        if dim != [card.dim] or claimed.get_dtype() != "F16" or not 1 <= n <= _MOST_CLIPS:
            raise ValueError(f"it has {n:,} vectors of {dim} {claimed.get_dtype()}")
        vectors = opened.get_tensor(_VECTORS)
    return Calibration(
        _unit(vectors.astype(np.float32)),
        numbers(values, "hit", 6),
        numbers(values, "answer", 6),
        number(values, "least", 0, 1),
    )


def _unit(vectors: Vectors) -> Vectors:
    if (row := first_invalid_row(vectors)) is not None:
        raise ValueError(f"the vector in row {row + 1} is zero or not finite")
    return unit_rows(vectors)


def _curves(metadata: Mapping[str, str], card: ModelCard) -> dict[str, Any]:
    if metadata.get(_SPACE) != card.weights_hash:
        raise ValueError("it was fitted for another model")
    values = json.loads(metadata.get(CURVES, ""))
    if not isinstance(values, dict):
        raise ValueError("its metadata holds no curves")
    return values
