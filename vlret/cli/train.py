"""`vlret train`: a recipe to a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import output


def train(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A TOML file such as recipes/mini/recipe.toml.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for features, checkpoint and the finished model.")],
) -> None:
    """Train a VL-JEPA. Stopped at any moment, the same command goes on from the last epoch.

    Example: vlret train recipes/mini/recipe.toml --out runs/mini
    """
    from vlret.training.recipe import read_recipe
    from vlret.training.run import train as run

    output.show_lines(run(read_recipe(recipe), out))
