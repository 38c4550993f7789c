"""Opens the view of an index: from disk, or made from the shards and then kept on disk."""

from __future__ import annotations

import contextlib
import json
import re
import zlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vlret.errors import OutputError
from vlret.files import replace_file, replacing
from vlret.index.backends.faiss_backend import FaissBackend
from vlret.index.backends.vector_files import (
    VectorFiles,
    is_vector_file,
    is_whole_or_missing,
    remove_others,
    vector_file,
    write_vectors,
)
from vlret.index.clip_columns import ClipColumns
from vlret.index.manifest import Manifest
from vlret.index.plain_files import open_plain
from vlret.index.store import VIEW, Store
from vlret.index.view.codes import Codes, codes_for, codes_named, is_wanted
from vlret.index.view.info import INFO, ViewInfo, read_info, view_info
from vlret.index.view.layout import checksum, read_ids
from vlret.types import Ids

if TYPE_CHECKING:
    from vlret.index.stored_vectors import StoredVectors
    from vlret.index.view.build import LastView


def open_view(store: Store, manifest: Manifest, columns: ClipColumns, progress: bool = True) -> FaissBackend:
    """The view of this revision, whose clips are those of `columns`: from disk, or made and kept there.

    Args:
        progress: show a bar on stderr when that is a terminal and the view has to be made.

    Raises:
        IndexFolderError: one of its files is a link, a FIFO or a device; or it has to be made, and a shard is damaged
            or was replaced by a later revision.
    """
    view = load_view(store, manifest, columns.clip_ids)
    if view:
        return view
    from vlret.index.stored_vectors import StoredVectors  # bring pyarrow
    from vlret.index.view.build import build_view

    folder, live = store.folder / VIEW, StoredVectors(store, manifest, columns)
    codes, vectors = _codes(live)
    view, info = build_view(live, _last(folder, manifest), codes, vectors, progress)
    with contextlib.suppress(OSError, OutputError):  # a read-only or full disk: search works without
        _save(view.index, info, folder)
        remove_others(folder, manifest.shards if vectors else ())
    return load_view(store, manifest, columns.clip_ids) or view  # mapped, it takes less memory


def _codes(live: StoredVectors) -> tuple[Codes, VectorFiles | None]:
    """What a new view shall consist of, and the vectors to compare hits with again, if that needs any."""
    n, manifest, folder = len(live.clip_ids), live.manifest, live.store.folder / VIEW
    codes = codes_for(n, live.dim, manifest.search_memory)
    if not codes.is_reranked:
        return codes, None
    try:
        _write_vectors(live, folder)
        return codes, VectorFiles.open(folder, manifest.shards, live.dim)
    except (
        OSError,
        OutputError,
    ):  # nowhere to keep them, or another reader removed them: the view is in memory
        return codes_for(n, live.dim, None), None


def _write_vectors(live: StoredVectors, folder: Path) -> None:
    """Write the files of `VectorFiles` that are not in `folder` yet."""
    for entry in live.manifest.shards:
        path = folder / vector_file(entry)
        if not is_vector_file(path, entry.rows, live.dim):
            write_vectors(path, live.table(entry))


def load_view(store: Store, manifest: Manifest, clip_ids: Ids) -> FaissBackend | None:
    """The view of these clips from disk, its vectors memory-mapped; None if it is missing, stale or damaged.

    Its layout and ids are checked; that its vectors are whole is for `find_view_damage`, which reads all of them.
    """
    import faiss

    info, n, dim = view_info(store, manifest), len(clip_ids), manifest.recipe.card.dim
    if info is None or info.n_vectors != n:
        return None
    if not is_wanted(info.type, info.n_trained, codes_for(n, dim, manifest.search_memory), n):
        return None
    path = store.folder / VIEW / info.file
    ids = _ids(path, info, manifest)
    if ids is None or not np.array_equal(ids, clip_ids):
        return None
    index = _read(path, faiss.IO_FLAG_MMAP_IFC)
    return index and _with_vectors(_backend(index, info), store, manifest)


def _with_vectors(view: FaissBackend, store: Store, manifest: Manifest) -> FaissBackend | None:
    dim = manifest.recipe.card.dim
    codes = codes_named(view.kind, dim)
    if codes and codes.is_reranked:
        try:
            view.vectors = VectorFiles.open(store.folder / VIEW, manifest.shards, dim)
        except (OSError, ValueError):
            return None
    return view


def find_view_damage(store: Store, manifest: Manifest) -> list[str]:
    """A line if the bytes of the view of this revision are not those that were written; reads all of them."""
    info = view_info(store, manifest)
    if info is None:
        return []
    folder = store.folder / VIEW
    damaged = [] if _is_whole(folder / info.file, info) else [info.file]
    damaged += [name for name in map(vector_file, manifest.shards) if not is_whole_or_missing(folder / name)]
    return [
        f"{VIEW}/{name}: checksum differs; delete it, and the next search makes it again" for name in damaged
    ]


def _last(folder: Path, manifest: Manifest) -> LastView | None:
    """The view that is on disk, of whatever revision, if its file is whole."""
    from vlret.index.view.build import LastView

    info = read_info(folder)
    if info is None or not _is_whole(folder / info.file, info):
        return None
    ids = _ids(folder / info.file, info, manifest)
    if ids is None:
        return None

    index = _read(folder / info.file, 0)
    return index and LastView(_backend(index, info), info, ids)


def _backend(index: Any, info: ViewInfo) -> FaissBackend:
    return FaissBackend(index, info.type, info.nprobe, info.recall_at_10, info.k_factor)


def _ids(path: Path, info: ViewInfo, manifest: Manifest) -> Ids | None:
    """The ids in a FAISS file, ascending; None where it is missing or not laid out as vlret writes it."""
    try:
        with open_plain(path) as file:
            return np.sort(read_ids(file, info.type, info.n_vectors, manifest.recipe.card.dim))
    except (OSError, ValueError):
        return None


def _is_whole(path: Path, info: ViewInfo) -> bool:
    try:
        with open_plain(path) as file:
            return checksum(file) == info.crc32
    except OSError:
        return False


def _read(path: Path, flags: int) -> Any:
    """The FAISS index in a file whose layout was checked; None if it is gone."""
    import faiss

    try:
        return faiss.read_index(str(path), flags)
    except (OSError, RuntimeError):  # the last is FAISS's one kind of error
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
    replace_file(folder / INFO, json.dumps(asdict(info), indent=2).encode())
    for other in folder.iterdir():
        if other != path and re.fullmatch(r"[0-9a-f]{16}\.faiss", other.name):
            other.unlink(missing_ok=True)
