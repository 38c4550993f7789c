"""`vlret train`: trains a model or a text decoder from a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import output


def train(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A TOML file such as recipes/mini/recipe.toml.")
    ],
    out: Annotated[Path, typer.Option(help="Directory for features, checkpoints and what was trained.")],
) -> None:
    """Train a VL-JEPA model or a text decoder. Run the same command again to resume.

    Several GPUs: accelerate launch -m vlret train RECIPE --out DIR

    Example: vlret train recipes/mini/recipe.toml --out runs/mini
    """
    from vlret.training.text_decoder.recipe import is_decoder_recipe, read_decoder_recipe

    if is_decoder_recipe(recipe):
        from vlret.training.text_decoder.run import train_decoder

        output.show_lines(train_decoder(read_decoder_recipe(recipe), out))
        return
    from vlret.training.processes import is_main_process
    from vlret.training.recipe import read_recipe
    from vlret.training.run import train as run

    finished = run(read_recipe(recipe), out)
    if is_main_process():
        output.show_lines(finished)
