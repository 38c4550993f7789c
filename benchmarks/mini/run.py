"""One contestant through all parts, its rows kept in a file as they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.mini.parts import parts_for
from vlret.cli.output import say
from vlret.errors import VlretError
from vlret.models.base import Embedder

SAME_RUN = ("schema", "model", "dtype")
SAME_STAMP = ("versions", "machine")


def score(
    embedder: Embedder, data: Path, file: Path, dtype: str, stamp: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Score all parts that the model can be asked for, each row as soon as it is there.

    Rows are written to FILE.part.json, which becomes `file` when all are there. A stopped run of the same model,
    versions and machine goes on from there. A part whose files are missing is left out, with a line on stderr.
    """
    part_file = file.with_suffix(".part.json")
    document = {"schema": 1, "model": embedder.card.to_dict(), "dtype": dtype, "stamp": stamp}
    kept, rows = _kept(part_file, document), []
    for part in parts_for(embedder):
        try:
            set_hash = part.set_hash(data)
        except (VlretError, OSError) as error:
            say(f"{part.name}: left out. {error}")
            continue
        name = {"part": part.name, "set_hash": set_hash}
        found = [row for row in kept if name.items() <= row.items()]
        found = found or [{**row, **name} for row in part.rows(embedder, data)]
        rows += found
        _write(part_file, {**document, "rows": rows})
        yield from found
    if rows:
        part_file.replace(file)


def _kept(part_file: Path, document: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a stopped run, if it was one of this `document`."""
    if not part_file.is_file():
        return []
    before = json.loads(part_file.read_text())
    same = all(before[key] == document[key] for key in SAME_RUN) and all(
        before["stamp"][key] == document["stamp"][key] for key in SAME_STAMP
    )
    if same:
        say(f"going on from {part_file}, begun {before['stamp']['date']}")
    rows: list[dict[str, Any]] = before["rows"] if same else []
    return rows


def _write(file: Path, document: dict[str, Any]) -> None:
    """Whole or not at all: a run may be stopped at any moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(document, indent=1) + "\n")
    new.replace(file)
