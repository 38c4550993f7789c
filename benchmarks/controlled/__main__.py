"""`python -m benchmarks.controlled RECIPE --data DIR`: trains and scores both models; a stopped run resumes.

Everything is kept in the directory of `--out`; after each checkpoint the result so far is written there as JSON.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.console import launch
from benchmarks.controlled.compare import compare
from benchmarks.controlled.recipe import read_recipe
from benchmarks.controlled.report import table
from vlret.cli.output import show_lines
from vlret.files import replace_file


def main(
    recipe: Annotated[Path, typer.Argument(help="TOML file, such as benchmarks/controlled/small.toml.")],
    data: Annotated[Path, typer.Option(help="Directory with photos/ and videos/.")] = Path("../shared/data"),
    features: Annotated[Path, typer.Option(help="Directory of the visual tokens.")] = Path("runs/features"),
    out: Annotated[Path, typer.Option(help="Directory of the runs.")] = Path("runs/controlled"),
) -> None:
    """Train both models of RECIPE, score them at every checkpoint, write the result."""
    chosen = read_recipe(recipe)
    for result in compare(chosen, data, features, out):
        replace_file(out / f"{chosen.name}.json", (json.dumps(result, indent=1) + "\n").encode())
    show_lines(table(result))


if __name__ == "__main__":
    launch(main)
