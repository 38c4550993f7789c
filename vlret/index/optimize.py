"""Makes the view of an index fit into a given memory."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vlret.errors import UsageError
from vlret.index.columns_view import open_columns
from vlret.index.json_fields import MOST
from vlret.index.lock import writer_lock
from vlret.index.store import Store
from vlret.index.view.codes import codes_named, least_memory
from vlret.index.view.open import open_view
from vlret.types import as_path, type_name

_UNITS = {
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}


@dataclass(frozen=True, slots=True)
class OptimizeReport:
    """What the view of the index in `index` is now.

    `type` is FAISS's factory string, `memory` the bytes that it takes of the `memory_limit`; a search looks into
    `nprobe` lists (0: it has none, and is exact) and compares `k_factor` times as many clips as asked for exactly,
    which finds `recall_at_10` of the exact ten nearest.
    """

    index: str
    type: str
    memory_limit: int
    memory: int
    nprobe: int
    k_factor: int
    recall_at_10: float

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return asdict(self)


def optimize(index: str | Path, memory: int | str, progress: bool = True) -> OptimizeReport:
    """Make the view of an index again so that it takes at most `memory`, from now on.

    The largest of these that fits: float32 (up to 200,000 clips), float16, RaBitQ codes of a bit a number, PQ codes of
    half of that. Of what codes find, the exact cosines decide: they are computed from a copy of the vectors beside the
    view, memory-mapped, which takes two bytes a number on disk and no memory of its own.

    Args:
        memory: bytes, or a text such as `2GB` or `500 MiB`.
        progress: show a bar on stderr when that is a terminal.

    Raises:
        UsageError: `memory` is no size, or less than the smallest view takes.
        IndexFolderError: there is no index, or a writer is at work.
    """
    limit, store = parse_size(memory), Store(as_path(index, "The index"))
    store.read_manifest()  # an error where there is no index
    with writer_lock(store.folder):
        manifest = store.read_manifest()
        columns, dim = open_columns(store, manifest), manifest.recipe.card.dim
        least = least_memory(len(columns), dim)
        if limit < least:
            raise UsageError(
                f"{len(columns):,} clips take at least {least / 1e6:,.1f} MB, not {limit / 1e6:,.1f} MB.",
                f"Give {-(-least // 10**6)} MB or more.", code="memory_too_small", given=limit, least=least,
            )  # fmt: skip
        if manifest.search_memory != limit:
            manifest = manifest.next(search_memory=limit)
            store.commit(manifest)
        view = open_view(store, manifest, columns, progress)
    codes = codes_named(view.kind, dim)
    taken = codes.memory(len(columns), dim) if codes else 0
    return OptimizeReport(
        str(store.folder), view.kind, limit, taken, view.nprobe, view.k_factor, view.recall_at_10
    )


def parse_size(text: int | str) -> int:
    """Bytes from a number, or a text such as `2GB` or `500 MiB`.

    Raises:
        UsageError: it is neither, or more than a manifest can hold.
    """
    if not isinstance(text, int | str):
        raise UsageError(
            f"A size was given as {type_name(text)}.", "Give 2GB or such.", code="wrong_type", given=text
        )
    n_bytes = text if isinstance(text, int) else _bytes_of(text)
    if n_bytes is None or n_bytes > MOST:
        raise UsageError(f"{text!r} is not a size.", "Give 2GB, 500MB or such.", code="bad_size", given=text)
    return int(n_bytes)


def _bytes_of(text: str) -> float | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kmgt]i?b)", text.strip().lower())
    return float(found[1]) * _UNITS[found[2]] if found else None
