"""Nothing is left over in the folder of an index."""

from __future__ import annotations

from pathlib import Path

from vlret.index.store import Store


def require_no_waste(folder: Path) -> None:
    """Nothing lies in the folder that does not belong to its current revision."""
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    manifest = Store(folder).read_manifest()
    extra = names - {entry.name for entry in manifest.files} - {"manifest.json", "lock", "view/info.json"}
    kinds = [Path(name).suffix for name in extra]
    if len(set(kinds)) < len(kinds) or not {".faiss", ".columns"} >= set(kinds):
        raise SystemExit(f"left over: {extra}")
