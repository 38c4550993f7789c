"""A training recipe: one TOML file, one dataclass a table."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from vlret.errors import UsageError


@dataclass(frozen=True)
class Sizes:
    """Shape of the model: the space's `dim`, the predictor, tokens a frame (`grid` squared), pixels."""

    dim: int
    hidden: int
    intermediate: int
    layers: int
    heads: int
    grid: int
    frames: int
    resolution: int


@dataclass(frozen=True)
class VisionStage:
    """The X-encoder's last stages learn captions; `epochs = 0` leaves it as published.

    `views` of each photograph are cached as activations of the first stages; `head_rate` is that of the two
    linear heads, which are thrown away afterwards.
    """

    epochs: int
    batch: int
    rate: float
    head_rate: float
    views: int
    dropout: float


@dataclass(frozen=True)
class JointStage:
    """Predictor and Y-encoder's head learn captions and questions on frozen towers.

    `rate` is AdamW's; the predictor's blocks learn at `block_rate` x `rate`. `dropout` falls on the towers'
    features. `question_weight` is the share of the question loss (0: captions alone).
    """

    epochs: int
    batch: int
    rate: float
    block_rate: float
    weight_decay: float
    dropout: float
    text_dropout: float
    views: int
    question_batch: int
    question_weight: float


@dataclass(frozen=True)
class Recipe:
    """All choices of one training run; every field stands in the TOML file under its own name.

    `data` holds the photo sets, `weights` the unpacked registry packages; `sets` are the sets that are
    trained on, `trained_on` what the model's card says of them and of those that the frozen towers saw.
    """

    name: str
    data: Path
    weights: Path
    sets: tuple[str, ...]
    trained_on: tuple[str, ...]
    seed: int
    model: Sizes
    vision: VisionStage
    joint: JointStage


def read_recipe(file: str | Path) -> Recipe:
    """Read and check a recipe; unknown or missing fields raise `UsageError` by name."""
    path = Path(file)
    if not path.is_file():
        raise UsageError(f"There is no recipe {path}.", "Give a TOML file such as recipes/mini/recipe.toml.")
    try:
        values = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML: {error}.", "Mend that line.") from error
    _check(Recipe, values, str(path))
    for name, kind in (("model", Sizes), ("vision", VisionStage), ("joint", JointStage)):
        _check(kind, values[name], f"[{name}] of {path}")
        values[name] = kind(**_frozen(values[name]))
    return Recipe(**{**_frozen(values), "data": Path(values["data"]), "weights": Path(values["weights"])})


def _check(kind: type[Any], values: Any, where: str) -> None:
    known = {field.name for field in fields(kind)}
    given = values.keys() if isinstance(values, dict) else set()
    if wrong := known ^ given:
        raise UsageError(
            f"{where} has missing or unknown fields: {', '.join(sorted(wrong))}.", "Name each field once."
        )


def _frozen(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
