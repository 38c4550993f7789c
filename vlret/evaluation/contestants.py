"""What a run compares: a model by name, a class of the user's own, or vectors made elsewhere."""

from __future__ import annotations

import hashlib
import importlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vlret.errors import ModelError, UsageError
from vlret.evaluation.vectors import Piece
from vlret.models.base import Embedder
from vlret.models.registry import load_model
from vlret.types import Vectors

_CLASS = re.compile(r"(?!open_clip:|st:)[\w.]+:[A-Za-z_]\w*")
_COLUMNS = ("kind", "key", "vector")


def load_embedder(name: str, device: str = "auto", dtype: str = "auto") -> Embedder:
    """The model of that name or folder (`load_model`), or an object of `module:Class`.

    The class is an `Embedder` that can be made without arguments; its module is looked for in the current
    folder, too.

    Raises:
        ModelError: the class cannot be imported or made, or is no `Embedder`.
    """
    if not _CLASS.fullmatch(name):
        return load_model(name, device, dtype)
    module, _, attribute = name.partition(":")
    sys.path.insert(0, "")
    try:
        made = getattr(importlib.import_module(module), attribute)()
    except Exception as error:
        raise ModelError(
            f"{name} cannot be made ({type(error).__name__}: {error}).",
            "Give module:Class, a class without arguments.",
        ) from error
    finally:
        sys.path.remove("")
    if not isinstance(made, Embedder):
        raise ModelError(f"{name} is no vlret.models.base.Embedder.", "Let the class inherit from it.")
    return made


class StoredVectors:
    """A `Contestant` from a Parquet file with the columns kind ("media" or "text"), key and vector.

    The key of a medium is its id in the set, that of a text is the text, that of a class its readable name;
    vectors are lists of numbers, of any length but zero. What is not in the file has no vector.
    """

    takes_query = False
    temperature = 0.01
    prompts: tuple[str, ...] = ("{}",)

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            UsageError: it is not there, not Parquet, or has other columns or vectors of unequal length.
        """
        self.path, self.name = path, path.stem
        table = _read(path)
        vectors = np.stack(table["vector"].map(lambda row: np.asarray(row, np.float32)).tolist())
        with np.errstate(invalid="ignore"):
            self._rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        self._place = {pair: i for i, pair in enumerate(zip(table["kind"], table["key"], strict=True))}

    def clips(self, media: Sequence[Piece], query: str | None = None) -> Vectors:
        """Unit vectors float32 [n, dim] of media by their ids; NaN where the file has none."""
        return self._of("media", [piece.id for piece in media])

    def texts(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors float32 [n, dim] of texts; NaN where the file has none."""
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
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as Parquet: {error}.", "Give a Parquet file.") from error
    missing = [name for name in _COLUMNS if name not in table]
    if missing or not len(table):
        raise UsageError(
            f"{path} has no {', '.join(missing) or 'rows'}.", "It needs the columns kind, key and vector."
        )
    if table["vector"].map(len).nunique() != 1:
        raise UsageError(f"{path} holds vectors of unequal length.", "Give one model's vectors.")
    return table
