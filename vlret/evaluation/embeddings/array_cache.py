"""Embeddings and visual tokens kept between runs: safetensors files, each written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from vlret.files import replace_file

log = logging.getLogger(__name__)
Array = NDArray[np.floating]

_SHARD_BYTES = 64 << 20
_SHARD_S = 30.0


class ArrayCache:
    """Arrays of one `dtype` by key, for one recipe: everything but the key that decides the arrays.

    Use it as a context manager. What was put is written every 64 MiB or 30 s and at the end, under a name of
    its own, so that a killed run loses no more than that, and several runs may fill one directory at once. `before` is
    called ahead of every write: another cache that it writes is on disk no later than this one.
    """

    def __init__(
        self,
        folder: Path,
        recipe: Mapping[str, Any],
        before: Callable[[], None] = lambda: None,
        dtype: type[np.floating] = np.float32,
    ) -> None:
        self._before, self._dtype = before, dtype
        text = json.dumps(recipe, sort_keys=True, indent=1, default=str)
        self.folder = folder / hashlib.sha256(text.encode()).hexdigest()[:24]
        self._new: dict[str, Array] = {}
        self._n_bytes, self._written = 0, time.monotonic()
        self._shards: dict[str, Any] = {}
        self._recipe = text
        for shard in sorted(self.folder.glob("*.safetensors")):
            self._open(shard)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def __contains__(self, key: str) -> bool:
        return key in self._new or key in self._shards

    def __iter__(self) -> Iterator[str]:
        """The keys of all arrays, each once."""
        return iter({*self._new, *self._shards})

    def get(self, key: str) -> Array | None:
        """The array of `key`, or None."""
        if key in self._new:
            return self._new[key]
        return self._shards[key].get_tensor(key) if key in self._shards else None

    def put(self, key: str, array: Array) -> None:
        """Keep an array; written with the next shard."""
        self._new[key] = np.ascontiguousarray(array, self._dtype)
        self._n_bytes += self._new[key].nbytes
        if self._n_bytes >= _SHARD_BYTES or time.monotonic() - self._written >= _SHARD_S:
            self.flush()

    def flush(self) -> None:
        """Write what is new."""
        self._before()
        self._n_bytes, self._written = 0, time.monotonic()
        if not self._new:
            return
        if not (self.folder / "recipe.json").exists():
            replace_file(self.folder / "recipe.json", self._recipe.encode())
        shard = self.folder / f"{uuid4().hex}.safetensors"
        replace_file(shard, save(self._new))
        self._new = {}
        self._open(shard)

    def _open(self, shard: Path) -> None:
        try:
            file: Any = safe_open(shard, framework="numpy")
            self._shards.update(dict.fromkeys(file.keys(), file))
        except (SafetensorError, OSError) as error:
            log.warning("%s cannot be read (%s): what it held is encoded again.", shard, error)
