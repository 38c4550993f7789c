"""The actor that encodes shards, and the one that counts how often."""

from __future__ import annotations

import socket
from collections import Counter
from typing import Any

from vlret.errors import VlretError
from vlret.index.sharding.encode_plan import encode_plan
from vlret.index.sharding.plan import ShardPlan
from vlret.index.sharding.plan_file import read_plan
from vlret.models.base import Embedder
from vlret.models.registry import load_model
from vlret.remote_path import path_of

PLAN = "plan.jsonl"
MOST_TRIES = 4
"""Times that a shard may take its actor with it, by too much memory or with its machine, before it is given up."""


class Tries:
    """Counts how often each shard was begun; an actor of its own."""

    def __init__(self) -> None:
        self._n: Counter[int] = Counter()

    def begin(self, shard: int) -> int:
        """How often the shard has been begun, this time included."""
        self._n[shard] += 1
        return self._n[shard]


class ShardEncoder:
    """An actor: shards by their number in, one row each out; the model is loaded once, by the first shard.

    Ray Data restarts it and calls it again where it or its machine dies.
    """

    def __init__(self, folder: str, tries: Any, model: tuple[str, str], workers: int) -> None:
        self._folder, self._tries, self._workers = path_of(folder), tries, workers
        self._device, self._engine = model
        self._plan: ShardPlan | None = None
        self._embedder: Embedder | None = None

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Encode the one shard of `batch`; `error` says why that was not possible."""
        number = int(batch["shard"][0])
        try:
            error = self._encoded(number)
        except VlretError as failure:
            error = str(failure)
        except Exception as failure:  # noqa: BLE001 - the other shards go on
            error = f"{type(failure).__name__}: {failure}"
        return {"shard": [number], "host": [socket.gethostname()], "error": [error]}

    def _encoded(self, number: int) -> str:
        import ray

        if ray.get(self._tries.begin.remote(number)) > MOST_TRIES:
            return f"its actor has died {MOST_TRIES} times, of too much memory or with its machine."
        self._plan = plan = self._plan or read_plan(self._folder / PLAN)
        self._embedder = self._embedder or load_model(
            plan.recipe.model, self._device, plan.recipe.dtype, self._engine
        )
        place = (number, len(plan.shards))
        encode_plan(plan, self._folder, place, self._embedder, self._workers, progress=False)
        return ""
