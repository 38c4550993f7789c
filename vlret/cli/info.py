"""`vlret info`: the contents of an index."""

from __future__ import annotations

from typing import Any

from vlret.cli import options, output
from vlret.text import count_of, printable


def info(index: options.IndexPlace, json: options.AsJson = False) -> None:
    """Show the contents of an index, its model and its settings."""
    from vlret.index.index import Index

    facts = Index.open(index).info()
    if json:
        output.print_json(facts)
        return
    for name, value in _lines(facts).items():
        output.show(f"{name:<8}  {value}")


def _lines(facts: dict[str, Any]) -> dict[str, str]:
    recipe, view = facts["recipe"], facts["view"]
    card = recipe["card"]
    model = (
        f"{card['name']} {card['revision']} ({card['dim']} dimensions, weights {card['weights_hash'][:12]})"
    )
    optional = {"columns": _columns(facts["columns"]), "excludes": printable(", ".join(facts["exclude"]))}
    return {
        "index": facts["index"],
        "holds": f"{count_of(facts['clips'], 'clip')} of {count_of(facts['files'], 'file')}; "
        f"{count_of(facts['skipped_files'], 'file')} skipped",
        "on disk": f"{output.size(facts['bytes'])} in {count_of(facts['shards'], 'shard')}; "
        f"{count_of(facts['dropped_clips'], 'clip')} dropped{'; moments stored' if facts['moments'] else ''}",
        "files in": printable(", ".join(facts["roots"])),
        "model": model,
        "recipe": f"clips {recipe['clips']}, {recipe['n_frames']} frames per clip at {recipe['sampling']}, "
        f"decoder {recipe['decoder']}, dtype {recipe['dtype']} ({recipe['engine']}), query {recipe['query']!r}",
        **{name: line for name, line in optional.items() if line},
        "search": _database(facts["database"]) if facts["database"] else _search(view),
        "updated": f"{facts['updated']} (created {facts['created']})",
    }


def _columns(kinds: dict[str, str]) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in kinds.items())


def _database(info: dict[str, Any]) -> str:
    how = "exact" if info["is_exact"] else f"recall@10 {info['recall_at_10']:.3f}"
    return f"{info['kind']}, {how}; {count_of(info['n_vectors'], 'clip')} there"


def _search(view: dict[str, Any] | None) -> str:
    if view is None:
        return "built by the next search"
    recall = f"recall@10 {view['recall_at_10']:.3f}"
    if view["nprobe"] == 0:
        return f"exact ({view['type']}), {recall}{_warning(view)}"
    changed = f" ({count_of(view['n_changed'], 'clip')} changed since)" if view["n_changed"] else ""
    return f"{view['type']}, nprobe {view['nprobe']}, {recall}{changed}{_warning(view)}"


def _warning(view: dict[str, Any]) -> str:
    return "" if view["is_current"] else "; out of date: the next search changes it"
