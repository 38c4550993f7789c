"""A training recipe: one TOML file, one dataclass."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from vlret.errors import UsageError


@dataclass(frozen=True)
class Recipe:
    """All choices of one training run; every field stands in the TOML file under its own name.

    `data` holds the photo sets, `weights` the unpacked registry packages; `sets` are the captioned sets that
    are trained on. `rate` is AdamW's; the predictor's blocks learn at `block_rate` x `rate`.
    `dropout` falls on the frozen towers' features. The Y-encoder below its head stays frozen. `question_weight` is the
    share of the question loss (0: captions alone).
    """

    name: str
    data: Path
    weights: Path
    sets: tuple[str, ...]
    dim: int
    hidden: int
    intermediate: int
    layers: int
    heads: int
    grid: int
    frames: int
    resolution: int
    epochs: int
    batch: int
    rate: float
    block_rate: float
    weight_decay: float
    dropout: float
    text_dropout: float
    question_batch: int
    question_weight: float
    seed: int


def read_recipe(file: str | Path) -> Recipe:
    """Read and check a recipe; unknown, missing or mistyped fields raise `UsageError` by name."""
    path = Path(file)
    if not path.is_file():
        raise UsageError(f"There is no recipe {path}.", "Give a TOML file such as recipes/mini/recipe.toml.")
    try:
        values = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML: {error}.", "Mend that line.") from error
    known = {field.name for field in fields(Recipe)}
    if wrong := known ^ values.keys():
        raise UsageError(
            f"{path} has missing or unknown fields: {', '.join(sorted(wrong))}.", "Name each field once."
        )
    return Recipe(
        **{
            **values,
            "data": Path(values["data"]),
            "weights": Path(values["weights"]),
            "sets": tuple(values["sets"]),
        }
    )
