"""Does time matter to a model? Reversed and shuffled clips, two scenes in both orders, and a probe of direction.

`python -m benchmarks.time --data DIR` prints one table for vljepa-mini and for the towers that it began as;
docs/time.md explains it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.console import launch
from benchmarks.time.probe import figures
from benchmarks.time.rows import Row, table
from vlret.files import replace_file
from vlret.models.registry import load_model

DATA = Path("../shared/data")
PUBLISHED = "benchmarks.time.published:published_towers"


def main(
    data: Annotated[Path, typer.Option(help="Directory with videos/.")] = DATA,
    model: Annotated[
        list[str] | None,
        typer.Option(help="As for `vlret bench` (default: vljepa-mini, and its first towers)."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Directory for the figures.")] = Path("runs/time"),
) -> None:
    """Measure each MODEL, print its rows, and keep them in OUT: run the same command again to resume."""
    rows = {name: _rows(name, data, out) for name in model or (PUBLISHED, "vljepa-mini")}
    print(table({name.partition(":")[2] or name: found for name, found in rows.items()}))


def _rows(name: str, data: Path, out: Path) -> list[Row]:
    """The rows of a model as kept in `out`, or measured now."""
    file = out / f"{name.replace('/', '-').replace(':', '-')}.json"
    if not file.is_file():
        found = figures(load_model(name), data, tokens_only=name == PUBLISHED)
        replace_file(file, json.dumps([asdict(row) for row in found], indent=1).encode())
    return [Row(**row) for row in json.loads(file.read_text())]


if __name__ == "__main__":
    launch(main)
