"""The columns of an index in its `view/`: opened, or built and kept there."""

from __future__ import annotations

import contextlib
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from vlret.errors import OutputError
from vlret.files import replace_file
from vlret.index.clip_columns import ClipColumns, ShardRows
from vlret.index.columns_file import columns_bytes, map_columns
from vlret.index.json_fields import from_fields
from vlret.index.manifest import Manifest
from vlret.index.plain_files import open_plain, require_plain_folder
from vlret.index.store import VIEW, Store

_NAME = re.compile(r"[0-9a-f]{16}\.columns")


def open_columns(store: Store, manifest: Manifest) -> ClipColumns:
    """The columns of this revision from disk, or built (and kept on disk where the folder can be written).

    Raises:
        FileNotFoundError: they are not there, and a shard is gone (a later revision may have replaced it).
        IndexFolderError: a shard is damaged, or a file of the view is a link, a FIFO or a device.
    """
    columns = load_columns(store.folder, manifest)
    if columns is None:
        from vlret.index.build_columns import build_columns  # brings pyarrow

        columns = build_columns(store, manifest, _last(store.folder, len(manifest.roots)))
        with contextlib.suppress(OSError, OutputError):  # a read-only or full disk: search works without
            _save(columns, store.folder, manifest)
    return columns


def load_columns(folder: Path, manifest: Manifest) -> ClipColumns | None:
    """The columns of this revision from disk; None where they are missing, stale or damaged."""
    rows_key, columns = _load(folder / VIEW / columns_name(manifest), len(manifest.roots)) or ("", None)
    if columns is None or rows_key != manifest.rows_key:
        return None
    same = [shard.rows for shard in columns.shards] == [entry.rows for entry in manifest.shards]
    return columns if same else None


def columns_name(manifest: Manifest) -> str:
    """The name of the file of this revision's columns in `VIEW`."""
    return f"{manifest.rows_key[:16]}.columns"


def _last(folder: Path, n_roots: int) -> ClipColumns | None:
    """Those of another revision, whichever is there and good."""
    found = (_load(path, n_roots) for path in _all(folder / VIEW))
    return next((columns for _, columns in filter(None, found)), None)


def _all(view: Path) -> list[Path]:
    return [path for path in sorted(view.glob("*")) if _NAME.fullmatch(path.name)]


@dataclass(frozen=True, slots=True)
class _Facts:
    rows_key: str
    shards: tuple[ShardRows, ...]


def _load(path: Path, n_roots: int) -> tuple[str, ClipColumns] | None:
    """The columns in a file, with the `rows_key` of their revision; None where it is missing or not good."""
    require_plain_folder(path.parent)
    try:
        with open_plain(path) as file:
            arrays, values = map_columns(file)
        facts = from_fields(_Facts, values)
        columns = ClipColumns(arrays, facts.shards)
    except (OSError, ValueError):  # missing, cut, or of another vlret
        return None
    return (facts.rows_key, columns) if int(columns.roots.max(initial=-1)) < n_roots else None


def columns_content(columns: ClipColumns, manifest: Manifest) -> bytes:
    """The bytes of the file of the columns of this revision."""
    return columns_bytes(columns.arrays, asdict(_Facts(manifest.rows_key, columns.shards)))


def _save(columns: ClipColumns, folder: Path, manifest: Manifest) -> None:
    view = folder / VIEW
    view.mkdir(exist_ok=True)
    path = view / columns_name(manifest)
    replace_file(path, columns_content(columns, manifest))
    for other in _all(view):
        if other != path:
            other.unlink(missing_ok=True)
