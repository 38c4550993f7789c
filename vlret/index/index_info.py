"""What an index says of itself."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from vlret.index.annotations import column_kinds
from vlret.index.clip_columns import ClipColumns
from vlret.index.manifest import Manifest
from vlret.index.store import VIEW
from vlret.index.view.info import read_info


def index_info(
    place: str, manifest: Manifest, columns: ClipColumns, annotations: pa.Table | None, n_files: int
) -> dict[str, Any]:
    """What the index in `place` holds and what made it, as plain JSON values."""
    return {
        "index": place,
        "revision": manifest.revision,
        "created": manifest.created,
        "updated": manifest.updated,
        "clips": len(columns),
        "files": n_files,
        "dropped_clips": manifest.dropped.rows if manifest.dropped else 0,
        "skipped_files": manifest.skipped.rows if manifest.skipped else 0,
        "shards": len(manifest.shards),
        "moments": manifest.windows is not None,
        "bytes": manifest.n_bytes,
        "roots": [manifest.roots[root] for root in dict.fromkeys(columns.roots.tolist())],
        "recipe": {**asdict(manifest.recipe), "card": manifest.recipe.card.to_dict()},
        "columns": column_kinds(annotations),
        "exclude": list(manifest.exclude),
    }


def view_facts(folder: Path, manifest: Manifest) -> dict[str, Any] | None:
    """What the view of the index in `folder` says of itself; None if none was made yet."""
    view = read_info(folder / VIEW)
    return {**view.to_dict(), "is_current": view.rows_key == manifest.rows_key} if view else None
