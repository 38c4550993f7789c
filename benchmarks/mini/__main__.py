"""Scores on photographs and clips that no contestant was trained on here: `python -m benchmarks.mini --data DIR`.

Everything goes through the public interface. Intervals are 95% bootstrap, drawn by photograph or clip.
"""

from __future__ import annotations

import json
import shlex
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.console import launch
from benchmarks.mini.contestants import BASELINE, UNTOUCHED, UNTRAINED, contestant
from benchmarks.mini.rows import HEADER, lines, side_by_side, stamps
from benchmarks.mini.run import score
from vlret.cli.output import say
from vlret.errors import MissingExtraError, ModelError
from vlret.evaluation.results.export import file_name
from vlret.evaluation.results.stamp import machine, versions

CONTESTANTS = ["vljepa-mini", BASELINE, UNTOUCHED, UNTRAINED]
DATA = Path("../shared/data")


def main(
    data: Annotated[Path, typer.Option(help="Folder with photos/, videos/, annotations/.")] = DATA,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Name or folder of a model, or one of the contestants (default: all four)."),
    ] = None,
    dtype: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "float32",
    out: Annotated[Path, typer.Option(help="Folder for one JSON file a model.")] = Path("runs/bench"),
) -> None:
    """Score each MODEL on the test splits of the captioned and labelled sets in DATA.

    Rows are printed and kept as they come; the same command goes on from where it was stopped.
    """
    documents = {}
    for name in model or CONTESTANTS:
        file = out / f"{file_name(name)}.json"
        if _scored(name, data, dtype, file):
            documents[name] = json.loads(file.read_text())
    if not documents:
        raise ModelError("Nothing could be scored.", "The lines above say what is missing.")
    print(f"\n{stamps(documents)}")
    if len(documents) > 1:
        print(f"\n{side_by_side({name: document['rows'] for name, document in documents.items()})}")


def _scored(name: str, data: Path, dtype: str, file: Path) -> bool:
    """Print and write a contestant's rows; whether there are any."""
    try:
        embedder = contestant(name, dtype)
    except (ModelError, MissingExtraError) as error:
        say(f"{name}: left out. {error}")
        return False
    print(f"\n{name}\n\n{HEADER}", flush=True)
    n_rows = 0
    for row in score(embedder, data, file, dtype, _stamp()):
        print(lines(row), flush=True)
        n_rows += 1
    return n_rows > 0


def _stamp() -> dict[str, Any]:
    """The run's own part of the stamp; model, dtype and hashes of the sets stand beside it."""
    return {
        "versions": versions(),
        "machine": machine(),
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": shlex.join(["python", "-m", "benchmarks.mini", *sys.argv[1:]]),
    }


if __name__ == "__main__":
    launch(main)
