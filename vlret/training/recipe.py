"""A training recipe: one TOML file, one dataclass a table."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
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
class TowerStage:
    """The X-encoder's last stages and the Y-encoder learn captions; `epochs = 0` leaves both as published.

    `rate` is the X-encoder's, `text_rate` the Y-encoder's, `head_rate` that of the two linear heads, which are
    thrown away afterwards. `dropout` falls on visual features; the Y-encoder has its own. `changed_weight` is that
    of `TowerTrainer.too_alike`.
    """

    epochs: int
    batch: int
    rate: float
    text_rate: float
    head_rate: float
    dropout: float
    label_smoothing: float
    changed_weight: float


@dataclass(frozen=True)
class CaptionStage:
    """The predictor's linear path learns captions on frozen towers.

    `rate` is AdamW's; `dropout` falls on visual features.
    """

    epochs: int
    batch: int
    rate: float
    weight_decay: float
    dropout: float


@dataclass(frozen=True)
class QuestionStage:
    """The predictor's blocks learn questions; predictions without a query are held with `keep_weight`.

    `brought_share` of a batch's questions are from sets that bring questions along, the others made by rule.
    """

    epochs: int
    batch: int
    rate: float
    weight_decay: float
    dropout: float
    text_dropout: float
    brought_share: float
    keep_weight: float


@dataclass(frozen=True)
class Recipe:
    """All choices of one training run; every field stands in the TOML file under its own name.

    `data` holds the photo sets, `weights` the unpacked registry packages; `sets` are the sets that are
    trained on, `trained_on` what the model's card says of them and of those that the frozen towers saw. `views`
    of each photograph are cached as activations of the X-encoder's first stages.
    """

    name: str
    data: Path
    weights: Path
    sets: tuple[str, ...]
    trained_on: tuple[str, ...]
    seed: int
    views: int
    model: Sizes
    towers: TowerStage
    captions: CaptionStage
    questions: QuestionStage


TABLES = {"model": Sizes, "towers": TowerStage, "captions": CaptionStage, "questions": QuestionStage}


def read_recipe(file: str | Path) -> Recipe:
    """Read and check a recipe; unknown or missing fields raise `UsageError` by name."""
    path = Path(file)
    if not path.is_file():
        raise UsageError(f"There is no recipe {path}.", "Give a TOML file such as recipes/mini/recipe.toml.")
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}.", "Mend that line.") from error
    _check(Recipe, values, str(path))
    for name, kind in TABLES.items():
        _check(kind, values[name], f"[{name}] of {path}")
        values[name] = kind(**_frozen(values[name]))
    _check_sizes(values["model"], str(path))
    if len(set(values["sets"])) < max(1, len(values["sets"])):
        raise UsageError(
            f"sets of {path} was given as {values['sets']!r}.", "Give one set or more, each once."
        )
    return Recipe(**{**_frozen(values), "data": Path(values["data"]), "weights": Path(values["weights"])})


def _check(kind: type[Any], values: Any, where: str) -> None:
    known = {field.name: str(field.type) for field in fields(kind)}
    given = values.keys() if isinstance(values, dict) else set()
    told = {"lacks": known.keys() - given, "has unknown": given - known.keys()}
    if wrong := [f"{what} {', '.join(sorted(names))}" for what, names in told.items() if names]:
        raise UsageError(f"{where} {' and '.join(wrong)}.", f"Its fields are {', '.join(known)}.")
    for name, type_ in known.items():
        if type_ in _ALLOWED and not _ALLOWED[type_][0](values[name]):
            raise UsageError(
                f"{name} of {where} was given as {values[name]!r}.", f"Give {_ALLOWED[type_][1]}."
            )
    for name in sorted(known.keys() & _FROM_ONE):
        if values[name] < 1:
            raise UsageError(f"{name} of {where} was given as {values[name]}.", "Give 1 or more.")
    for name in sorted(known.keys() & _BELOW_ONE):
        if values[name] >= 1:
            raise UsageError(f"{name} of {where} was given as {values[name]}.", "Give a share below 1.")


def _check_sizes(sizes: Sizes, where: str) -> None:
    if sizes.hidden % (2 * sizes.heads):
        raise UsageError(
            f"hidden of [model] of {where} was given as {sizes.hidden}, with {sizes.heads} heads.",
            "Give a multiple of twice the heads.",
        )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf


_ALLOWED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "int": (lambda value: _is_number(value) and isinstance(value, int), "a whole number from 0 on"),
    "float": (_is_number, "a number from 0 on"),
    "str": (lambda value: isinstance(value, str), "a text in quotation marks"),
    "Path": (lambda value: isinstance(value, str), "a path in quotation marks"),
    "tuple[str, ...]": (
        lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
        'a list of texts, such as ["a", "b"]',
    ),
}
_BELOW_ONE = {"dropout", "text_dropout", "label_smoothing", "brought_share"}
_FROM_ONE = {field.name for field in fields(Sizes)} | {"batch", "views"}


def _frozen(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
