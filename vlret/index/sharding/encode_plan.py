"""One worker's share of a plan: each of its shards encoded, or found encoded already."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from vlret.errors import IndexFolderError, ModelError
from vlret.index.encode import BatchEncoded, Encoded
from vlret.index.encode_shard import EncodedPart, ShardMarker, committed_shard, encode_shard
from vlret.index.report import grouped
from vlret.index.requested_recipe import RequestedRecipe
from vlret.index.sharding.place import Place
from vlret.index.sharding.plan import ShardPlan
from vlret.media.pool import DecodePool
from vlret.models.base import Embedder
from vlret.models.trust import VARIABLE, is_trusted
from vlret.object_store import state_of
from vlret.remote_path import RemotePath, path_of
from vlret.text import count_of, printable
from vlret.types import SkippedFile, as_path


@dataclass(frozen=True, slots=True)
class EncodeReport:
    """What `encode_plan` did: names of the shards that it `encoded`, and of those that were there already (`kept`).

    `planned` are all shards of the plan, `clips` those of this worker's. Its files that gave no clips are `skipped`,
    damaged ones `partial`; `retry` of the skipped ones were out of reach, and the next call tries them again.
    """

    planned: int
    encoded: tuple[str, ...]
    kept: tuple[str, ...]
    clips: int
    skipped: tuple[SkippedFile, ...]
    partial: tuple[SkippedFile, ...]
    retry: int
    wall_s: float

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON values, paths as `Path`."""
        return asdict(self)

    def __str__(self) -> str:
        n = len(self.encoded) + len(self.kept)
        line = (
            f"{n} of {count_of(self.planned, 'shard')}: {len(self.encoded)} encoded, {len(self.kept)} "
            f"there already; {count_of(self.clips, 'clip')}, in {self.wall_s:.1f} s"
        )
        partial, skipped = grouped("partially read", self.partial), grouped("skipped", self.skipped)
        return "\n".join([line, *partial, *skipped])


def encode_plan(
    plan: ShardPlan,
    shards: str | Path,
    place: Place = (0, 1),
    model: str | Embedder | None = None,
    workers: int = 1,
    device: str = "auto",
    engine: str = "auto",
    progress: bool = True,
) -> EncodeReport:
    """Encode every n-th shard of a plan from the i-th on (`place=(i, n)`) into the directory `shards`.

    A shard that is there is not encoded again, unless its files have changed; a stop at any moment costs the shard in
    hand. Two workers may encode the same shard.

    Args:
        model: a name for `load_model`, or a loaded model; None: the one that the plan names, if it is built in or
            trusted (`vlret.models.trust`).
        workers: decode processes.
        device, engine: for `load_model`.
        progress: show a bar on stderr when that is a terminal.

    Raises:
        ModelError: the model is not trusted, cannot be loaded, or is not that of the plan.
        IndexFolderError: a directory of the media files is missing, empty or not readable: it may not be mounted here.
        OutputError: `shards` cannot be written.
    """
    started_s = time.monotonic()
    folder = as_path(shards, "The directory of the shards")
    numbers = range(place[0], len(plan.shards), place[1])
    _require_roots(plan, numbers)
    requested = _requested(plan, model, device, engine)
    encoded: list[str] = []
    markers: list[ShardMarker] = []
    embedder: Embedder | None = None
    with DecodePool(workers) as pool, _Bar(len(numbers), progress) as bar:
        for number in numbers:
            spec = plan.spec(number)
            marker = committed_shard(spec, folder)
            if marker is None:
                embedder = embedder or _loaded(plan, requested)
                bar.start(len(spec.parts))
                marker = encode_shard(spec, folder, embedder, workers, bar.take, pool)
                encoded.append(spec.name)
            bar.end()
            markers.append(marker)
    made = {*encoded}
    kept = [name for name in map(plan.name, numbers) if name not in made]
    parts = [part for marker in markers for part in marker.parts]
    return _report(plan, encoded, kept, parts, time.monotonic() - started_s)


def _report(
    plan: ShardPlan, encoded: list[str], kept: list[str], parts: list[EncodedPart], wall_s: float
) -> EncodeReport:
    return EncodeReport(
        len(plan.shards), tuple(encoded), tuple(kept), sum(part.rows for part in parts),
        skipped=tuple(SkippedFile(path_of(part.path), part.reason) for part in parts if part.reason),
        partial=tuple(SkippedFile(path_of(part.path), part.warning) for part in parts if part.warning),
        retry=sum(part.retry for part in parts), wall_s=wall_s,
    )  # fmt: skip


def _require_roots(plan: ShardPlan, numbers: Iterable[int]) -> None:
    """Refuse to record all files of a directory as unreadable because it is not mounted here."""
    used = {plan.roots[part.root] for number in numbers for part in plan.shards[number]}
    for root in sorted(used):
        if isinstance(path_of(root), RemotePath):
            _require_address(RemotePath(root))
        elif _is_empty(root):
            raise IndexFolderError(
                f"The directory {printable(root)} of the plan is missing, empty or not readable on this machine.",
                "Mount it at the same place as where the plan was made.",
                code="plan_root_missing", path=root,
            )  # fmt: skip


def _is_empty(folder: str) -> bool:
    """Whether a directory holds nothing, is not there, or may not be read; millions of entries are not listed."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return True


def _require_address(root: RemotePath) -> None:
    try:
        state_of(root)
    except OSError as error:
        raise IndexFolderError(
            f"{printable(root)} of the plan cannot be read on this machine: {error.strerror}.",
            "Check your credentials and the network.", code="plan_root_missing", path=root,
        ) from error  # fmt: skip


def _requested(plan: ShardPlan, model: str | Embedder | None, device: str, engine: str) -> RequestedRecipe:
    recipe = plan.recipe
    if model is None and not is_trusted(recipe.model):
        name = printable(recipe.model)
        raise ModelError(
            f"The plan names the model {name}; one that is named only by a file is not loaded automatically.",
            f"If you trust that model, pass model={name!r}, or list its directory in {VARIABLE}.",
            code="untrusted_plan_model", model=name, variable=VARIABLE,
        )  # fmt: skip
    requested = RequestedRecipe(
        model or recipe.model, recipe.clips, recipe.n_frames, recipe.sampling, recipe.decoder, device,
        recipe.dtype, engine,
    )  # fmt: skip
    requested.validate()
    return requested


def _loaded(plan: ShardPlan, requested: RequestedRecipe) -> Embedder:
    embedder, recipe = requested.load(Path(), None), plan.recipe
    try:
        recipe.require_card(Path(), embedder.card)
        recipe.require(Path(), dtype=embedder.dtype, query=embedder.card.default_query)
    except IndexFolderError as error:
        theirs, ours = recipe.card, embedder.card
        raise ModelError(
            printable(
                f"The plan was made with {theirs.name} (weights {theirs.weights_hash[:12]}, {recipe.dtype}); this "
                f"machine has {ours.name} (weights {ours.weights_hash[:12]}, {embedder.dtype})."
            ),
            "Use the same model and version of vlret on every machine, or make a new plan.",
            code="other_model", given=ours.name, allowed=theirs.name,
        ) from error  # fmt: skip
    return embedder


class _Bar:
    """A bar on stderr over the shards, which cost about the same each; silent where stderr is not a terminal."""

    def __init__(self, n_shards: int, shown: bool) -> None:
        self._n_clips = self._n_done = 0
        self._n_parts = 1
        self._bar: tqdm[Any] = tqdm(
            total=n_shards, dynamic_ncols=True, desc=count_of(n_shards, "shard"),
            disable=None if shown and sys.stderr else True,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left{postfix}",
        )  # fmt: skip

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def start(self, n_parts: int) -> None:
        """A shard of so many parts begins."""
        self._n_parts = n_parts

    def take(self, event: Encoded) -> None:
        """Count a batch of clips, or a part."""
        if not isinstance(event, BatchEncoded):
            self._bar.update(1 / self._n_parts)
            return
        self._n_clips += event.n_clips
        seconds = self._bar.format_dict["elapsed"]
        rate = self._n_clips / seconds if seconds else 0.0
        self._bar.set_postfix_str(f"{self._n_clips} clips, {rate:.1f} clips/s")

    def end(self) -> None:
        """The shard is done."""
        self._n_done += 1
        self._bar.update(self._n_done - self._bar.n)
