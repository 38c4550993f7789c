"""What a view says of itself: view/info.json."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vlret.index.backends.faiss_backend import EXACT
from vlret.index.json_fields import from_fields, parse_json
from vlret.index.manifest import FileEntry, Manifest
from vlret.index.plain_files import read_plain, require_plain_folder
from vlret.index.store import VIEW, Store
from vlret.index.view.codes import n_lists_of

INFO = "info.json"
MOST_K_FACTOR = 64
_MOST_BYTES = 2**22


@dataclass(frozen=True, slots=True)
class ViewInfo:
    """What view/info.json says.

    `rows_key` and `revision` are those of the manifest the view was made from, `shards` the beginnings of the
    checksums of its shards, `type` is FAISS's factory string, `n_trained` the number of vectors that its lists were
    laid out for, `recall_at_10` the share of the exact ten nearest that the audit found at `nprobe` (1 when the search
    is exact, `nprobe` 0), `k_factor` how many times as many clips as asked for are compared again exactly (1: the codes
    are exact enough), `n_changed` the clips that were added and removed since the audit, `crc32` the checksum of
    the FAISS file.
    """

    rows_key: str
    revision: int
    type: str
    n_vectors: int
    n_trained: int
    nprobe: int
    recall_at_10: float
    k_factor: int
    n_changed: int
    shards: tuple[str, ...]
    crc32: str = ""

    def __post_init__(self) -> None:
        n_lists = n_lists_of(self.type)
        if (n_lists == 0) != (self.type == EXACT) or not min(1, n_lists) <= self.nprobe <= n_lists:
            raise ValueError(f"{self.type} with nprobe {self.nprobe} is not a supported index type")
        if not re.fullmatch("[0-9a-f]{64}", self.rows_key):
            raise ValueError("rows_key is not 64 hex digits")
        if not 1 <= self.k_factor <= MOST_K_FACTOR:
            raise ValueError(f"k_factor {self.k_factor} is not supported")

    @property
    def file(self) -> str:
        """The FAISS file: named by content, so that views of two revisions cannot be mistaken."""
        return f"{hashlib.sha256(f'{self.rows_key} {self.type}'.encode()).hexdigest()[:16]}.faiss"

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values, without `shards`."""
        values = asdict(self)
        del values["shards"]
        return values


def shard_key(entry: FileEntry) -> str:
    """What `ViewInfo.shards` holds of a shard."""
    return entry.sha256[:16]


def view_info(store: Store, manifest: Manifest) -> ViewInfo | None:
    """What the view of this revision's clips says of itself; None if it is missing or out of date.

    Raises:
        IndexFolderError: its file is a link, a FIFO or a device.
    """
    info = read_info(store.folder / VIEW)
    return info if info and info.rows_key == manifest.rows_key else None


def read_info(folder: Path) -> ViewInfo | None:
    """The info.json in the folder of a view, of whatever revision; None if it is missing or damaged."""
    require_plain_folder(folder)
    try:
        return from_fields(ViewInfo, parse_json(read_plain(folder / INFO, _MOST_BYTES)))
    except (OSError, ValueError):  # missing, cut, or of another vlret
        return None
