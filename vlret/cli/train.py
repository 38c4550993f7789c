"""`vlret train`: trains a model from a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import output


def train(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A TOML file such as recipes/mini/recipe.toml.")
    ],
    out: Annotated[Path, typer.Option(help="Directory for features, checkpoints and the trained model.")],
) -> None:
    """Train a VL-JEPA model. Run the same command again to resume from the last epoch.

    Example: vlret train recipes/mini/recipe.toml --out runs/mini
    """
    from vlret.training.recipe import read_recipe
    from vlret.training.run import train as run

    output.show_lines(run(read_recipe(recipe), out))
