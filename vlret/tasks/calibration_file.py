"""The file `calibration.parquet` in the folder of a VL-JEPA."""

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
from vlret.tasks.calibration import Calibration
from vlret.text import printable
from vlret.types import Vectors
from vlret.vectors import first_invalid_row, unit_rows

FILE = "calibration.parquet"
CURVES = b"vlret-calibration"
"""The key of the file's metadata that holds the curves and the threshold, as JSON."""
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
    """Write a calibration for the model of `card`: the column `vector`, and the rest as metadata.

    Raises:
        OutputError: the file cannot be written.
    """
    import pyarrow as pa

    from vlret.parquet_file import parquet_bytes

    rows = pa.array(calibration.null.astype(np.float16).ravel())
    table = pa.table({"vector": pa.FixedSizeListArray.from_arrays(rows, card.dim)})
    curves = {"hit": calibration.hit, "answer": calibration.answer, "least": calibration.least}
    replace_file(file, parquet_bytes(table, {SPACE: card.weights_hash, CURVES: json.dumps(curves)}))


def read_calibration(file: Path, card: ModelCard) -> Calibration:
    """The calibration in a file, which may be a stranger's.

    Raises:
        ModelError: it is damaged, or was fitted for other weights than those of `card`.
    """
    import pyarrow as pa

    try:
        return _read(file, card)
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = printable(" ".join(str(error).split())).rstrip(".")
        raise ModelError(
            f"Damaged {printable(file)}: {reason}.", AGAIN, code="damaged_calibration", path=file
        ) from error


def _read(file: Path, card: ModelCard) -> Calibration:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from vlret.parquet_file import read_parquet

    schema = pa.schema([("vector", pa.list_(pa.float16(), card.dim))])
    with file.open("rb") as opened:
        claims = pq.ParquetFile(opened).metadata
        if not 1 <= claims.num_rows <= _MOST_CLIPS:
            raise ValueError(f"it has {claims.num_rows:,} vectors")
        table = read_parquet(opened, claims.num_rows, schema, ["vector"])
    values = _curves(claims.metadata or {}, card)
    flat = table["vector"].combine_chunks().flatten()
    # not to_numpy, which imports pandas
    rows = np.frombuffer(flat.buffers()[1], np.float16, len(flat), flat.offset * 2)
    return Calibration(
        _unit(rows.reshape(-1, card.dim).astype(np.float32)),
        numbers(values, "hit", 6),
        numbers(values, "answer", 6),
        number(values, "least", 0, 1),
    )


def _unit(vectors: Vectors) -> Vectors:
    if (row := first_invalid_row(vectors)) is not None:
        raise ValueError(f"the vector in row {row + 1} is zero or not finite")
    return unit_rows(vectors)


def _curves(metadata: Mapping[bytes, bytes], card: ModelCard) -> dict[str, Any]:
    if metadata.get(SPACE) != card.weights_hash.encode():
        raise ValueError("it was fitted for another model")
    values = json.loads(metadata.get(CURVES, b""))
    if not isinstance(values, dict):
        raise ValueError("its metadata holds no curves")
    return values
