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

    Rows are written to `file` as they come. Those that are there already, of the same model, code, versions and
    machine, are not scored again: so a stopped run goes on, with the stamp it was begun with. A part whose files are
    missing is left out, with a line on stderr.
    """
    new = {"schema": 1, "model": embedder.card.to_dict(), "dtype": dtype, "stamp": stamp, "rows": []}
    document = _kept(file, new)
    kept, rows = document["rows"], []
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
        kept = [row for row in kept if row["part"] != part.name]
        _write(file, {**document, "rows": [*rows, *kept]})
        yield from found


def _kept(file: Path, document: dict[str, Any]) -> dict[str, Any]:
    """What `file` holds, if it is of a run like that of `document`; else the `document`."""
    if not file.is_file():
        return document
    before: dict[str, Any] = json.loads(file.read_text())
    same = all(before[key] == document[key] for key in SAME_RUN) and all(
        before["stamp"][key] == document["stamp"][key] for key in SAME_STAMP
    )
    if same:
        say(f"going on from {file}, begun {before['stamp']['date']}: delete it to score all anew")
    return before if same else document


def _write(file: Path, document: dict[str, Any]) -> None:
    """Whole or not at all: a run may be stopped at any moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(document, indent=1) + "\n")
    new.replace(file)
