"""Values out of JSON files, checked against the annotations of a dataclass."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

MOST = 2**53
"""No count, size or number in a file of an index is greater."""
_MOST_CHARACTERS = 2**16

T = TypeVar("T")


def parse_json(data: bytes) -> Any:
    """Parse `data` as JSON.

    Raises:
        ValueError: it is not JSON, or nested too deep.
    """
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def from_fields(kind: type[T], values: Any, where: str = "") -> T:
    """A dataclass from a JSON object: every field of its annotated type; unknown keys are ignored.

    Args:
        where: what stands before the field's name in an error, such as "recipe.".

    Raises:
        ValueError: a field is missing, of another type, negative or absurdly large; the message names it.
    """
    if not isinstance(values, dict):
        raise ValueError(f"{_named(where)} is {_shown(values)}, not an object")
    hints = _hints(kind)
    return kind(**{
        field.name: _value(hints[field.name], _given(field, values, where), f"{where}{field.name}")
        for field in fields(kind)  # type: ignore[arg-type]
    })  # fmt: skip


# each call parses them anew, and an index may have thousands of files
_hints: Callable[[Any], dict[str, Any]] = functools.cache(get_type_hints)


def _given(field: Field[Any], values: dict[str, Any], where: str) -> Any:
    if field.name in values:
        return values[field.name]
    if field.default is MISSING:
        raise ValueError(f"field {where}{field.name} is missing")
    return field.default


def _value(kind: Any, value: Any, where: str) -> Any:
    """`value` as the annotation `kind` says."""
    if get_origin(kind) is UnionType:
        inner, _ = get_args(kind)
        return None if value is None else _value(inner, value, where)
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind)[0], value, where)
    if get_origin(kind) is Literal:
        return _checked(value in get_args(kind), value, where, f"one of {', '.join(get_args(kind))}")
    if is_dataclass(kind):
        return from_fields(kind, value, f"{where}.")  # type: ignore[arg-type]
    fits, what = _PLAIN[kind]
    return _checked(fits(value), value, where, what)


def _tuple(kind: Any, value: Any, where: str) -> tuple[Any, ...]:
    _checked(isinstance(value, list | tuple), value, where, "a list")
    return tuple(_value(kind, item, f"{where}[{number}]") for number, item in enumerate(value))


def _is_text(value: Any) -> bool:
    if not isinstance(value, str) or "\0" in value or len(value) > _MOST_CHARACTERS:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST


def _is_number(value: Any) -> bool:
    return (type(value) is int and abs(value) <= MOST) or (type(value) is float and math.isfinite(value))


_PLAIN = {
    str: (_is_text, "text"),
    bool: (lambda value: isinstance(value, bool), "true or false"),
    int: (_is_count, f"a whole number from 0 to {MOST}"),
    float: (_is_number, "a finite number"),
}


def _checked(fits: bool, value: Any, where: str, what: str) -> Any:
    if not fits:
        raise ValueError(f"field {where} is {_shown(value)}, not {what}")
    return value


def _named(where: str) -> str:
    return f"field {where.rstrip('.')}" if where else "the whole"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value)  # escapes what is not ASCII
    return text if len(text) <= 60 else f"{text[:60]}..."
