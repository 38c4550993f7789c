"""Tables of a TOML recipe, checked against dataclasses."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

from vlret.errors import UsageError
from vlret.text import short_repr

Table = TypeVar("Table")

LARGEST = 1e18
"""Of all numbers: 64 bits hold it as a whole one, 32 as a float."""


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a recipe.

    Raises:
        UsageError: it does not exist, or is not TOML.
    """
    if not path.is_file():
        raise UsageError(
            f"The recipe {path} does not exist.",
            "Give a TOML file such as recipes/mini/recipe.toml.",
            code="file_missing",
            path=path,
        )
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} is not TOML: {error}.", "Fix that line.", code="not_toml", path=path
        ) from error


def check_table(kind: type[Any], values: Any, where: str) -> None:
    """Refuse a table with unknown, missing or wrong fields.

    Raises:
        UsageError: `values` is not the table of a `kind`; the message begins with `where`.
    """
    if not isinstance(values, dict):
        raise UsageError(
            f"{where} is {short_repr(values)}, which is no table.",
            f"Write its fields one a line: {', '.join(field.name for field in fields(kind))}.",
            code="recipe_fields",
        )
    known = {field.name: str(field.type) for field in fields(kind)}
    required = {field.name for field in fields(kind) if field.default is field.default_factory is MISSING}
    wrong = {"lacks": required - values.keys(), "has unknown": values.keys() - known.keys()}
    if found := [f"{what} {', '.join(sorted(names))}" for what, names in wrong.items() if names]:
        raise UsageError(
            f"{where} {' and '.join(found)}.", f"Its fields are {', '.join(known)}.", code="recipe_fields"
        )
    for name, value in values.items():
        type_ = known[name]
        if type_ in _ALLOWED and not _ALLOWED[type_][0](value):
            allowed = "a whole number from 1" if name in _FROM_ONE else _ALLOWED[type_][1]
            raise wrong_value(name, value, where, allowed)
        if name in _FROM_ONE and value < 1:
            raise wrong_value(name, value, where, "1 or more")
        if name in _BELOW_ONE and value >= 1:
            raise wrong_value(name, value, where, "a share below 1")


def read_tables(kinds: Mapping[str, type[Any]], values: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return `values` of a recipe with its tables, those that it has, as dataclasses of `kinds`.

    Raises:
        UsageError: as `check_table`.
    """
    tables = {
        name: read_table(kinds[name], values[name], f"[{name}] of {path}")
        for name in kinds.keys() & values.keys()
    }
    return values | tables


def read_table(kind: type[Table], values: dict[str, Any], where: str) -> Table:
    """Return `values` as a `kind`.

    Raises:
        UsageError: as `check_table`.
    """
    check_table(kind, values, where)
    return kind(**_converted(kind, values))


def wrong_value(name: str, value: object, where: str, allowed: str) -> UsageError:
    """Return the error for a field that has not an `allowed` value."""
    return UsageError(
        f"{name} of {where} is {value!r}.",
        f"Give {allowed}.",
        code="recipe_value",
        field=name,
        given=value,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LARGEST


_ALLOWED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "int": (lambda value: _is_number(value) and isinstance(value, int), "a whole number from 0 to 1e18"),
    "float": (_is_number, "a number from 0 to 1e18"),
    "str": (lambda value: isinstance(value, str), "a text in quotation marks"),
    "bool": (lambda value: isinstance(value, bool), "true or false"),
    "Path": (lambda value: isinstance(value, str), "a path in quotation marks"),
    "Path | None": (lambda value: isinstance(value, str), "a path in quotation marks"),
    "dict[str, Any]": (lambda value: isinstance(value, dict), "a table"),
    "tuple[str, ...]": (
        lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
        'a list of texts, such as ["a", "b"]',
    ),
    "tuple[float, ...]": (
        lambda value: isinstance(value, list) and all(map(_is_number, value)),
        "a list of numbers from 0 to 1e18",
    ),
    "tuple[Stage, ...]": (
        lambda value: isinstance(value, list) and len(value) > 0,
        "one table [[stages]] or more",
    ),
}
_BELOW_ONE = {"dropout", "text_dropout", "label_smoothing", "brought_share"}
_FROM_ONE = {"epochs", "batch", "views", "frames", "steps", "part", "evaluate_every", "save_every"}


def _converted(kind: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a table in the types of its fields."""
    types = {field.name: str(field.type) for field in fields(kind)}
    convert: dict[str, Callable[[Any], Any]] = {
        "Path": Path, "Path | None": Path, "tuple[str, ...]": tuple, "tuple[float, ...]": tuple,
    }  # fmt: skip
    return {name: convert.get(types[name], lambda same: same)(value) for name, value in values.items()}
