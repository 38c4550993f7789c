"""The FAISS view of an index's live rows: made from the shards, kept in `view/`, never the truth."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlret.errors import IndexFolderError
from vlret.files import replace_file, temporary_beside
from vlret.index.snapshot import Snapshot
from vlret.index.store import VIEW
from vlret.index.tables import Ids
from vlret.types import Vectors

MAX_EXACT = 200_000
"""Up to so many vectors every one is compared; beyond it, lists of near ones are (IVF)."""
WANTED_RECALL = 0.99
_AUDIT_QUERIES = 200
_AUDIT_K = 10
_LEAST_POINTS, _MOST_POINTS = 39, 64  # for training a list's centre; FAISS warns below the first
_INFO = "info.json"


@dataclass(frozen=True, slots=True)
class ViewInfo:
    """What view/info.json says.

    `rows_key` and `revision` are those of the manifest the view was made from, `type` is FAISS's factory
    string, `n_trained` the number of vectors that its lists were laid out for, `recall_at_10` the share of
    the exact ten nearest that the audit found at `nprobe` (1 when the search is exact, `nprobe` 0).
    """

    rows_key: str
    revision: int
    type: str
    n_vectors: int
    n_trained: int
    nprobe: int
    recall_at_10: float

    @property
    def file(self) -> str:
        """The FAISS file: named by content, so that views of two revisions cannot be mistaken."""
        return f"{self.rows_key[:16]}.faiss"


@dataclass(frozen=True, slots=True)
class View:
    """A FAISS index whose ids are clip_ids."""

    index: Any
    info: ViewInfo

    @property
    def is_exact(self) -> bool:
        """Whether a search compares with every vector."""
        return self.info.nprobe == 0

    def search(
        self, query: Vectors, k: int, allowed: Ids | None = None, every_list: bool = False
    ) -> tuple[NDArray[np.float32], Ids]:
        """Cosines and clip_ids of the k nearest to one unit vector float32 [dim], fewer if fewer exist.

        Args:
            allowed: only these clip_ids.
            every_list: look into every list of an IVF index, not just the nearest `nprobe`.
        """
        scores, ids = self.index.search(query[None], k, params=self._parameters(allowed, every_list))
        found = ids[0] >= 0
        return scores[0][found], ids[0][found]

    def _parameters(self, allowed: Ids | None, every_list: bool) -> Any:
        import faiss

        selector = {} if allowed is None else {"sel": faiss.IDSelectorBatch(allowed)}
        if self.is_exact:
            return faiss.SearchParameters(**selector)
        nprobe = self.index.nlist if every_list else self.info.nprobe
        return _probe(nprobe, **selector)


def _probe(nprobe: int, **selector: Any) -> Any:
    import faiss

    make: Any = faiss.SearchParametersIVF  # its stub knows no keywords
    return make(nprobe=nprobe, **selector)


def open_view(snapshot: Snapshot) -> View:
    """The view of these rows from disk, or built (and kept on disk where the folder can be written)."""
    view = load_view(snapshot)
    if view is None:
        view = _build(snapshot)
        with contextlib.suppress(OSError, IndexFolderError):  # a read-only or full disk: search works without
            _save(view, snapshot.store.folder / VIEW)
    return view


def load_view(snapshot: Snapshot) -> View | None:
    """The view of these rows from disk; None if it is missing, stale or damaged."""
    info = view_info(snapshot)
    index = _read_index(snapshot.store.folder / VIEW / info.file) if info else None
    return View(index, info) if info and index and index.ntotal == len(snapshot.rows) else None


def view_info(snapshot: Snapshot) -> ViewInfo | None:
    """What the view of these rows says of itself, its vectors not read; None if it is missing or stale."""
    info = _read_info(snapshot.store.folder / VIEW)
    return info if info and info.rows_key == snapshot.manifest.rows_key else None


def _read_info(folder: Path) -> ViewInfo | None:
    try:
        return ViewInfo(**json.loads((folder / _INFO).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # missing, cut, or of another vlret
        return None


def _read_index(path: Path) -> Any:
    import faiss

    try:
        return faiss.read_index(str(path))
    except RuntimeError:  # FAISS's one kind of error: missing or damaged
        return None


def _save(view: View, folder: Path) -> None:
    import faiss

    folder.mkdir(exist_ok=True)
    path = folder / view.info.file
    temporary = temporary_beside(path)  # readers save without a lock
    try:
        faiss.write_index(view.index, str(temporary))
    except RuntimeError as error:
        raise OSError(str(error)) from error
    os.replace(temporary, path)
    replace_file(folder / _INFO, json.dumps(asdict(view.info), indent=2).encode())
    for other in folder.glob("*.faiss"):
        if other != path:
            other.unlink(missing_ok=True)


def _build(snapshot: Snapshot) -> View:
    vectors, ids, manifest = snapshot.vectors, snapshot.rows["clip_id"].to_numpy(), snapshot.manifest
    if len(ids) <= MAX_EXACT:
        kind, index, n_trained, (nprobe, recall) = "IDMap,Flat", _exact(vectors, ids), 0, (0, 1.0)
    else:
        audit, train = np.split(np.random.default_rng(0).permutation(len(ids)), [_AUDIT_QUERIES])
        kind, index, n_trained = _trained(snapshot.store.folder / VIEW, vectors, train)
        index.add_with_ids(vectors, ids)
        nprobe, recall = _audited_nprobe(index, vectors, ids, audit)
    info = ViewInfo(manifest.rows_key, manifest.revision, kind, len(ids), n_trained, nprobe, recall)
    return View(index, info)


def _exact(vectors: Vectors, ids: Ids) -> Any:
    import faiss

    index = faiss.IndexIDMap(faiss.IndexFlatIP(vectors.shape[1]))
    index.add_with_ids(vectors, ids)
    return index


def _trained(folder: Path, vectors: Vectors, train: NDArray[np.int64]) -> tuple[str, Any, int]:
    """Factory string, empty index and number of vectors it was trained for: 4 sqrt(n) lists.

    The last view's lists are kept until the index has doubled: training takes most of the time.
    """
    import faiss

    n, dim = vectors.shape
    info = _read_info(folder)
    if info and info.n_trained <= n <= 2 * info.n_trained:
        index = _read_index(folder / info.file)
        if index and index.d == dim:
            index.reset()
            return info.type, index, info.n_trained
    n_lists = max(1, min(int(4 * n**0.5), len(train) // _LEAST_POINTS))
    kind = f"IVF{n_lists},SQfp16"
    index = faiss.index_factory(dim, kind, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[train[: n_lists * _MOST_POINTS]])
    return kind, index, n


def _audited_nprobe(index: Any, vectors: Vectors, ids: Ids, audit: NDArray[np.int64]) -> tuple[int, float]:
    """The least power of two of lists whose recall@10 is as wanted, and that recall."""
    import faiss

    queries = vectors[audit]
    exact, _ = faiss.knn(queries, vectors, _AUDIT_K + 1, metric=faiss.METRIC_INNER_PRODUCT)
    worst = exact[:, -1:] - 1e-6  # judged by score, so that copies of a clip may stand for each other
    nprobe = 1
    while True:
        nprobe = min(nprobe, index.nlist)
        _, found = index.search(queries, _AUDIT_K + 1, params=_probe(nprobe))
        rows = np.searchsorted(ids, found)
        scores = np.einsum("qd,qkd->qk", queries, vectors[np.minimum(rows, len(ids) - 1)])
        hits = (scores >= worst) & (found >= 0)
        recall = float((hits.sum(1) - 1).clip(0).mean() / _AUDIT_K)  # the query itself is no find
        if recall >= WANTED_RECALL or nprobe == index.nlist:
            return nprobe, recall
        nprobe *= 2
