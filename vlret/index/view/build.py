"""Makes the FAISS index of the live clips: by changing the last one, or from nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from vlret.index.backends.faiss_backend import EXACT, FaissBackend
from vlret.index.manifest import FileEntry
from vlret.index.view.audit import N_QUERIES, Audit, shuffled
from vlret.index.view.info import ViewInfo, shard_key
from vlret.index.view.live_vectors import LiveVectors, is_in
from vlret.index.view.train import ITERATIONS, n_lists_for, train_lists
from vlret.types import Ids

MAX_EXACT = 200_000
"""Up to so many vectors every one is compared; beyond it, lists of near ones are (IVF)."""
_AUDIT_AGAIN = 0.1
"""Share of the clips that may change before recall is measured anew."""


@dataclass(frozen=True, slots=True)
class LastView:
    """A view of some revision in memory, to be changed: `ids` are those in `index`, ascending."""

    index: Any
    info: ViewInfo
    ids: Ids


def build_view(live: LiveVectors, last: LastView | None, progress: bool) -> tuple[Any, ViewInfo]:
    """The FAISS index of the clips of `live`, and what to say of it; `last` is changed for it where it can be."""
    changed = _change(live, last, progress) if last and _can_become(last.info, len(live.clip_ids)) else None
    return changed or _build(live, progress)


def _can_become(last: ViewInfo, n: int) -> bool:
    """Lists stay as they were trained until the index has doubled, or is half of what it was."""
    if last.type == EXACT:
        return n <= MAX_EXACT
    return last.n_trained / 2 <= n <= 2 * last.n_trained


def _change(live: LiveVectors, last: LastView, progress: bool) -> tuple[Any, ViewInfo] | None:
    """The last view without the clips that are gone, and with those of the shards that it does not know.

    None: most of it would change, or it lacks clips of a shard that it claims to have.
    """
    import faiss

    shards = [entry for entry in live.manifest.shards if shard_key(entry) not in last.info.shards]
    new = live.ids_in(shards)
    kept = live.clip_ids[~is_in(live.clip_ids, new)]
    n_changed = int((~is_in(last.ids, live.clip_ids)).sum() + (~is_in(live.clip_ids, last.ids)).sum())
    if n_changed > len(live.clip_ids) / 2 or not is_in(kept, last.ids).all():
        return None
    last.index.remove_ids(faiss.IDSelectorBatch(last.ids[~is_in(last.ids, kept)]))
    with _bar(len(new), progress) as bar:
        _add(last.index, live, shards, bar)
    return last.index, _info_after(live, last, last.info.n_changed + n_changed)


def _info_after(live: LiveVectors, last: LastView, n_changed: int) -> ViewInfo:
    """What to say of the last view after a change; recall is measured again after many."""
    old = last.info
    if old.type == EXACT:
        return _info(live, EXACT)
    if n_changed <= _AUDIT_AGAIN * len(live.clip_ids):
        return _info(live, old.type, old.n_trained, old.nprobe, old.recall_at_10, n_changed)
    audit = Audit(live.pick(np.sort(shuffled(live.clip_ids)[:N_QUERIES])))
    for _, vectors in live.read(live.manifest.shards):
        audit.see(vectors)
    return _info(live, old.type, old.n_trained, *audit.nprobe(last.index))


def _build(live: LiveVectors, progress: bool) -> tuple[Any, ViewInfo]:
    n = len(live.clip_ids)
    if n > MAX_EXACT:
        return _build_lists(live, progress)
    index = FaissBackend.exact(live.dim).index
    with _bar(n, progress) as bar:
        _add(index, live, live.manifest.shards, bar)
    return index, _info(live, EXACT)


def _build_lists(live: LiveVectors, progress: bool) -> tuple[Any, ViewInfo]:
    """Train lists with some clips, add all, and measure recall with others."""
    n, order = len(live.clip_ids), shuffled(live.clip_ids)
    n_lists, n_points = n_lists_for(n - N_QUERIES)
    queries, points = np.sort(order[:N_QUERIES]), order[-n_points:]
    sample = np.sort(np.concatenate([queries, points]))
    vectors, is_query = live.pick(sample), is_in(sample, queries)
    audit = Audit(vectors[is_query])
    with _bar(n + n_points * ITERATIONS, progress) as bar:
        index, kind = train_lists(vectors[~is_query], n_lists, bar)
        del vectors
        _add(index, live, live.manifest.shards, bar, audit)
    return index, _info(live, kind, n, *audit.nprobe(index))


def _add(
    index: Any, live: LiveVectors, shards: Iterable[FileEntry], bar: tqdm[Any], audit: Audit | None = None
) -> None:
    for ids, vectors in live.read(shards):
        index.add_with_ids(vectors, ids)
        if audit:
            audit.see(vectors)
        bar.update(len(ids))


def _bar(total: int, progress: bool) -> tqdm[Any]:
    """Shown once it has taken a second: most views are made in less."""
    return tqdm(
        desc="search view",
        total=total,
        unit="clip",
        unit_scale=True,
        delay=1,
        disable=None if progress else True,
    )


def _info(
    live: LiveVectors, kind: str, n_trained: int = 0, nprobe: int = 0, recall: float = 1.0, n_changed: int = 0
) -> ViewInfo:
    manifest = live.manifest
    shards = tuple(map(shard_key, manifest.shards))
    return ViewInfo(
        manifest.rows_key,
        manifest.revision,
        kind,
        len(live.clip_ids),
        n_trained,
        nprobe,
        recall,
        n_changed,
        shards,
    )
