"""Makes the view of the live clips: by changing the last one, or from nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from vlret.index.backends.faiss_backend import EXACT, FaissBackend
from vlret.index.backends.vector_files import VectorFiles
from vlret.index.ids import is_in
from vlret.index.manifest import FileEntry
from vlret.index.stored_vectors import StoredVectors
from vlret.index.view.audit import N_HELD_OUT, Audit, shuffled
from vlret.index.view.codes import Codes, is_wanted
from vlret.index.view.info import ViewInfo, shard_key
from vlret.index.view.train import ITERATIONS, n_points_for, train_lists
from vlret.types import Ids

_AUDIT_AGAIN = 0.1
"""Share of the clips that may change before recall is measured anew."""


@dataclass(frozen=True, slots=True)
class LastView:
    """A view of some revision in memory, to be changed: `ids` are those in it, ascending."""

    view: FaissBackend
    info: ViewInfo
    ids: Ids


def build_view(
    live: StoredVectors, last: LastView | None, codes: Codes, vectors: VectorFiles | None, progress: bool
) -> tuple[FaissBackend, ViewInfo]:
    """The view of the clips of `live`, and what to say of it; `last` is changed for it where it can be.

    Args:
        codes: what the view consists of.
        vectors: those of all shards, if hits are to be compared again.
    """
    n = len(live.clip_ids)
    if last and is_wanted(last.info.type, last.info.n_trained, codes, n):
        last.view.vectors = vectors
        if changed := _change(live, last, progress):
            return last.view, changed
    return (
        _build_lists(live, codes, vectors, progress) if codes.name != EXACT else _build_exact(live, progress)
    )


def _change(live: StoredVectors, last: LastView, progress: bool) -> ViewInfo | None:
    """The last view without the clips that are gone, and with those of the shards that it does not know.

    None: most of it would change, or it lacks clips of a shard that it claims to have.
    """
    shards = [entry for entry in live.manifest.shards if shard_key(entry) not in last.info.shards]
    new = live.ids_in(shards)
    kept = live.clip_ids[~is_in(live.clip_ids, new)]
    n_changed = int((~is_in(last.ids, live.clip_ids)).sum() + (~is_in(live.clip_ids, last.ids)).sum())
    if n_changed > len(live.clip_ids) / 2 or not is_in(kept, last.ids).all():
        return None
    last.view.remove(last.ids[~is_in(last.ids, kept)])
    with _bar(len(new), progress) as bar:
        _add(last.view, live, shards, bar)
    return _info(live, last.view, last.info.n_trained, _audited(live, last, last.info.n_changed + n_changed))


def _audited(live: StoredVectors, last: LastView, n_changed: int) -> int:
    """Measure recall again after many changes; the clips that changed since it was measured."""
    if last.view.nprobe == 0:
        return 0
    if n_changed <= _AUDIT_AGAIN * len(live.clip_ids):
        return n_changed
    audit = Audit(live.of(np.sort(shuffled(live.clip_ids)[:N_HELD_OUT])))
    for _, vectors in live.read(live.manifest.shards):
        audit.see(vectors)
    audit.tune(last.view)
    return 0


def _build_exact(live: StoredVectors, progress: bool) -> tuple[FaissBackend, ViewInfo]:
    view = FaissBackend.exact(live.dim)
    with _bar(len(live.clip_ids), progress) as bar:
        _add(view, live, live.manifest.shards, bar)
    return view, _info(live, view)


def _build_lists(
    live: StoredVectors, codes: Codes, vector_files: VectorFiles | None, progress: bool
) -> tuple[FaissBackend, ViewInfo]:
    """Train lists with some clips, add all, and measure recall with others."""
    n, order = len(live.clip_ids), shuffled(live.clip_ids)
    held_out, points = np.sort(order[:N_HELD_OUT]), order[-n_points_for(n - N_HELD_OUT) :]
    sample = np.sort(np.concatenate([held_out, points]))
    vectors, is_held_out = live.of(sample), is_in(sample, held_out)
    audit = Audit(vectors[is_held_out])
    with _bar(n + len(points) * ITERATIONS, progress) as bar:
        index, kind = train_lists(vectors[~is_held_out], codes.name, bar)
        view = FaissBackend(index, kind, vectors=vector_files)
        del vectors
        _add(view, live, live.manifest.shards, bar, audit)
    audit.tune(view)
    return view, _info(live, view, n)


def _add(
    view: FaissBackend,
    live: StoredVectors,
    shards: Iterable[FileEntry],
    bar: tqdm[Any],
    audit: Audit | None = None,
) -> None:
    for ids, vectors in live.read(shards):
        view.add(ids, vectors)
        if audit:
            audit.see(vectors)
        bar.update(len(ids))


def _bar(total: int, progress: bool) -> tqdm[Any]:
    """Shown once it has taken a second: most views are made in less."""
    hidden = None if progress else True
    return tqdm(desc="search view", total=total, unit="clip", unit_scale=True, delay=1, disable=hidden)


def _info(live: StoredVectors, view: FaissBackend, n_trained: int = 0, n_changed: int = 0) -> ViewInfo:
    manifest = live.manifest
    return ViewInfo(
        manifest.rows_key, manifest.revision, view.kind, len(live.clip_ids), n_trained, view.nprobe, view.recall_at_10,
        view.k_factor, n_changed, tuple(map(shard_key, manifest.shards)),
    )  # fmt: skip
