"""What decides a controlled comparison: one TOML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlret.training.recipe_file import check_table, read_toml


@dataclass(frozen=True)
class Recipe:
    """All choices of a comparison; both models share all of them but their own tables.

    Attributes:
        name: of the comparison.
        batch: pairs of a step.
        checkpoints: pairs seen at which both are scored, multiples of `batch`.
        seeds: one run of each model for each.
        rates: learning rates that each model tries on dev; the rate is constant after `warmup` pairs.
        rate_samples: pairs that a try sees.
        weight_decay: AdamW's.
        vocabulary: tokens made from the captions; 0 takes that of `weights`.
        layers: of the predictor; with `weights` its last ones.
        token_layers: of the token model; with `weights` it has all of them.
        blocks: further fields of the transformers configuration of both; empty with `weights`.
        weights: GGUF file of a Llama that both start as; empty: random weights.
    """

    name: str
    batch: int
    checkpoints: tuple[int, ...]
    seeds: tuple[int, ...]
    rates: tuple[float, ...]
    rate_samples: int
    warmup: int
    weight_decay: float
    vocabulary: int
    layers: int
    token_layers: int
    blocks: dict[str, Any]
    weights: str = ""


def read_recipe(file: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        UsageError: it does not exist, is not TOML, or a field is unknown, missing or wrong.
    """
    values = read_toml(file)
    check_table(Recipe, values, str(file))
    return Recipe(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    )
