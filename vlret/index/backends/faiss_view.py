"""The FAISS back end of an index's live rows: made from the shards, kept in `view/`, never the truth."""

from __future__ import annotations

import contextlib
import json
import re
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlret.errors import OutputError
from vlret.files import replace_file, replacing
from vlret.index.backends.faiss_backend import FaissBackend, probe
from vlret.index.backends.faiss_file import EXACT, checksum, n_lists_of, read_ids
from vlret.index.json_fields import from_fields, parse_json
from vlret.index.plain_files import open_plain, read_plain, require_plain_folder
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
_MOST_INFO_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class ViewInfo:
    """What view/info.json says.

    `rows_key` and `revision` are those of the manifest the view was made from, `type` is FAISS's factory
    string, `n_trained` the number of vectors that its lists were laid out for, `recall_at_10` the share of
    the exact ten nearest that the audit found at `nprobe` (1 when the search is exact, `nprobe` 0), `crc32`
    the checksum of the FAISS file.
    """

    rows_key: str
    revision: int
    type: str
    n_vectors: int
    n_trained: int
    nprobe: int
    recall_at_10: float
    crc32: str

    def __post_init__(self) -> None:
        n_lists = n_lists_of(self.type)
        if n_lists is None or not min(1, n_lists) <= self.nprobe <= n_lists:
            raise ValueError(f"{self.type} with nprobe {self.nprobe} is not a supported index type")
        if not re.fullmatch("[0-9a-f]{64}", self.rows_key):
            raise ValueError("rows_key is not 64 hex digits")

    @property
    def file(self) -> str:
        """The FAISS file: named by content, so that views of two revisions cannot be mistaken."""
        return f"{self.rows_key[:16]}.faiss"


def open_view(snapshot: Snapshot) -> FaissBackend:
    """The view of these rows from disk, or built (and kept on disk where the folder can be written).

    Raises:
        IndexFolderError: one of its files is a link, a FIFO or a device.
    """
    view = load_view(snapshot)
    if view is None:
        view, info = _build(snapshot)
        with contextlib.suppress(OSError, OutputError):  # a read-only or full disk: search works without
            _save(view.index, info, snapshot.store.folder / VIEW)
    return view


def load_view(snapshot: Snapshot) -> FaissBackend | None:
    """The view of these rows from disk; None if it is missing, stale or damaged."""
    info = view_info(snapshot)
    if info is None or info.n_vectors != len(snapshot.rows):
        return None
    ids = snapshot.rows["clip_id"].to_numpy()
    index = _read_index(snapshot.store.folder / VIEW, info, snapshot.manifest.recipe.card.dim, ids)
    if index is None:
        return None
    return FaissBackend(index, info.type, info.nprobe, info.recall_at_10)


def view_info(snapshot: Snapshot) -> ViewInfo | None:
    """What the view of these rows says of itself, its vectors not read; None if it is missing or stale."""
    info = _read_info(snapshot.store.folder / VIEW)
    return info if info and info.rows_key == snapshot.manifest.rows_key else None


def _read_info(folder: Path) -> ViewInfo | None:
    require_plain_folder(folder)
    try:
        return from_fields(ViewInfo, parse_json(read_plain(folder / _INFO, _MOST_INFO_BYTES)))
    except (OSError, ValueError):  # missing, cut, or of another vlret
        return None


def _read_index(folder: Path, info: ViewInfo, dim: int, ids: Ids | None = None) -> Any:
    """The FAISS index that `info` describes, with these ids; None if it is missing or damaged."""
    import faiss

    path = folder / info.file
    try:
        with open_plain(path) as file:
            found = read_ids(file, info.type, info.n_vectors, dim)
            whole = checksum(file) == info.crc32 and (ids is None or np.array_equal(np.sort(found), ids))
        return faiss.read_index(str(path)) if whole else None
    except (OSError, ValueError, RuntimeError):  # the last is FAISS's one kind of error
        return None


def _save(index: Any, info: ViewInfo, folder: Path) -> None:
    import faiss

    folder.mkdir(exist_ok=True)
    path = folder / info.file
    sums = [0]
    with replacing(path) as file:  # readers save without a lock

        def write(data: bytes) -> int:
            sums[0] = zlib.crc32(data, sums[0])
            return file.write(data)

        writer: Any = faiss.PyCallbackIOWriter  # type: ignore[attr-defined]
        faiss.write_index(index, writer(write))
    info = replace(info, crc32=f"{sums[0]:08x}")
    replace_file(folder / _INFO, json.dumps(asdict(info), indent=2).encode())
    for other in folder.iterdir():
        if other != path and re.fullmatch(r"[0-9a-f]{16}\.faiss", other.name):
            other.unlink(missing_ok=True)


def _build(snapshot: Snapshot) -> tuple[FaissBackend, ViewInfo]:
    vectors, ids, manifest = snapshot.vectors, snapshot.rows["clip_id"].to_numpy(), snapshot.manifest
    if len(ids) <= MAX_EXACT:
        n_trained, view = 0, FaissBackend.exact(vectors.shape[1])
        view.add(ids, vectors)
    else:
        audit, train = np.split(np.random.default_rng(0).permutation(len(ids)), [_AUDIT_QUERIES])
        kind, index, n_trained = _trained(snapshot.store.folder / VIEW, vectors, train)
        view = FaissBackend(index, kind)
        view.add(ids, vectors)
        view.nprobe, view.recall_at_10 = _audited_nprobe(index, vectors, ids, audit)
    info = ViewInfo(
        manifest.rows_key,
        manifest.revision,
        view.kind,
        len(ids),
        n_trained,
        view.nprobe,
        view.recall_at_10,
        "",
    )
    return view, info


def _trained(folder: Path, vectors: Vectors, train: NDArray[np.int64]) -> tuple[str, Any, int]:
    """Factory string, empty index and number of vectors it was trained for: 4 sqrt(n) lists.

    The last view's lists are kept until the index has doubled: training takes most of the time.
    """
    import faiss

    n, dim = vectors.shape
    info = _read_info(folder)
    if info and info.type != EXACT and info.n_trained <= n <= 2 * info.n_trained:
        index = _read_index(folder, info, dim)
        if index:
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
        _, found = index.search(queries, _AUDIT_K + 1, params=probe(nprobe))
        rows = np.searchsorted(ids, found)
        scores = np.einsum("qd,qkd->qk", queries, vectors[np.minimum(rows, len(ids) - 1)])
        hits = (scores >= worst) & (found >= 0)
        recall = float((hits.sum(1) - 1).clip(0).mean() / _AUDIT_K)  # the query itself does not count
        if recall >= WANTED_RECALL or nprobe == index.nlist:
            return nprobe, recall
        nprobe *= 2
