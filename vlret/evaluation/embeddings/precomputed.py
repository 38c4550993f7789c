"""Embeddings that were computed by another program, scored as a model is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vlret.errors import UsageError
from vlret.evaluation.embeddings.source import MediaItem
from vlret.evaluation.protocol.protocol import short
from vlret.types import Vectors
from vlret.vectors import unit_vector

_COLUMNS = ("kind", "key", "vector")
_KINDS = {"media": "media", "text": "texts"}
_KEYS = "The key of a media file is its id, that of a text is the text, that of a class its readable name."
_FORM = "A row is a kind (media or text), a key (a text) and its one vector (a list of numbers)."


class PrecomputedEmbeddings:
    """An `EmbeddingSource` read from a Parquet file with the columns kind ("media" or "text"), key and vector.

    The key of a media file is its id in the dataset, that of a text is the text, that of a class its readable name;
    vectors are lists of numbers, of any length but zero. What is not in the file has no embedding; `missing_texts`
    holds the texts that were needed and have none, in their order.
    """

    takes_query = False
    temperature = 0.01
    prompts: tuple[str, ...] = ("{}",)

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            UsageError: it is missing, not Parquet, or a row is invalid; the message names the row.
        """
        self.path, self.name = path, path.stem
        self.missing_texts: dict[str, None] = {}
        table = _read(path)
        self._rows = _unit_rows(path, table["vector"])
        self._place = _places(path, table, self._rows)

    def require_some(self, kind: str, keys: Iterable[str]) -> None:
        """Refuse a file without an embedding of any of `keys`: it was made for another dataset.

        Raises:
            UsageError: there is none.
        """
        wanted = list(dict.fromkeys(keys))
        if wanted and not any((kind, key) in self._place for key in wanted):
            what = f"{len(wanted)} {_KINDS[kind]} of the dataset, such as {short(wanted[0])}"
            message = f"{self.path} has embeddings of none of the {what}."
            raise UsageError(message, _KEYS, code="precomputed_of_other_dataset", path=self.path, kind=kind)

    def clips(self, items: Sequence[MediaItem], query: str | None = None) -> Vectors:
        """Unit vectors float32 [n, dim] of media by their ids; NaN where the file has none."""
        return self._of("media", [item.id for item in items])

    def texts(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors float32 [n, dim] of texts; NaN where the file has none."""
        self.missing_texts |= {text: None for text in texts if ("text", text) not in self._place}
        return self._of("text", texts)

    def about(self) -> dict[str, Any]:
        """Name and SHA-256 of the file."""
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        return {"name": self.name, "vectors": str(self.path), "weights_hash": digest}

    def _of(self, kind: str, keys: Sequence[str]) -> Vectors:
        missing = np.full(self._rows.shape[1], np.nan, np.float32)
        places = [self._place.get((kind, key)) for key in keys]
        return np.stack([missing if place is None else self._rows[place] for place in places])


def _read(path: Path) -> pd.DataFrame:
    hint = "Give a Parquet file."
    if not path.is_file():
        raise UsageError(f"There is no file {path}.", hint, code="file_missing", path=path)
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read as Parquet: {error}."
        raise UsageError(message, hint, code="not_parquet", path=path) from error
    missing = [name for name in _COLUMNS if name not in table]
    if missing or not len(table):
        message, hint = (
            f"{path} has no {', '.join(missing) or 'rows'}.",
            "It needs the columns kind, key and vector.",
        )
        raise UsageError(message, hint, code="precomputed_incomplete", path=path, missing=missing)
    return table


def _places(path: Path, table: pd.DataFrame, rows: Vectors) -> dict[tuple[str, str], int]:
    """The place of each kind and key in the table; several rows of one key are equal."""
    places: dict[tuple[str, str], int] = {}
    for place, (kind, key) in enumerate(zip(table["kind"], table["key"], strict=True)):
        if not isinstance(kind, str) or kind not in _KINDS:
            raise _invalid_row(path, place, f"the kind is {short(kind)}")
        if not isinstance(key, str):
            raise _invalid_row(path, place, f"the key is {short(key)}")
        first = places.setdefault((kind, key), place)
        if not np.array_equal(rows[first], rows[place]):
            raise _invalid_row(path, place, f"the {kind} {short(key)} has another vector in row {first + 1}")
    return places


def _unit_rows(path: Path, rows: Iterable[Any]) -> Vectors:
    """The rows at unit length, float32 [n, dim]."""
    made: list[Vectors] = []
    for place, row in enumerate(rows):
        vector = np.asarray(row)
        if vector.ndim != 1 or not vector.size or vector.dtype.kind not in "iuf":
            raise _invalid_row(path, place, f"the vector is {short(row)}, not a list of numbers")
        if made and len(vector) != len(made[0]):
            raise _invalid_row(path, place, f"it has {len(vector)} numbers, row 1 has {len(made[0])}")
        made.append(_unit(vector))
        if not np.isfinite(made[-1]).all():
            raise _invalid_row(path, place, "the vector has no direction: it is zero or not finite")
    return np.stack(made)


def _unit(vector: NDArray[Any]) -> Vectors:
    """At unit length, float32; NaN where that cannot be."""
    wide = vector.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return unit_vector(wide / np.abs(wide).max())  # scaled, so that no square overflows or vanishes


def _invalid_row(path: Path, place: int, what: str) -> UsageError:
    message = f"{path}, row {place + 1}: {what}."
    return UsageError(message, _FORM, code="invalid_precomputed_row", path=path, row=place + 1)
