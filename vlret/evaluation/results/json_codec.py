"""Dataclasses to plain JSON values and back, by their annotations.

The metadata of a field may give it another name in JSON, `{"key": ...}`, or be `OPTIONAL`.
"""

from __future__ import annotations

import functools
import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

T = TypeVar("T")
OPTIONAL = {"optional": True}
"""Metadata of a field that has no key in JSON where it is None."""
_SCALARS = (str, int, float, bool, type(None))


def encode(value: Any) -> Any:
    """`value` as plain JSON values: dataclasses and mappings as objects, tuples as lists."""
    if isinstance(value, _SCALARS):
        return value
    if is_dataclass(value):
        return {
            _key(one): encode(got)
            for one in fields(value)
            if not _is_left_out(one, got := getattr(value, one.name))
        }
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    return [encode(item) for item in value]


def decode(kind: type[T], value: Any, where: str = "") -> T:
    """`value`, plain JSON values, as a dataclass `kind`; unknown keys are ignored.

    Args:
        where: what precedes the name of a field in an error, such as "models[0].".

    Raises:
        ValueError: a field is missing or of another type; the message names it.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{where.rstrip('.') or 'the file'} is not an object")
    hints = _hints(kind)
    return kind(**{
        one.name: _decoded(hints[one.name], value[_key(one)], f"{where}{_key(one)}")
        for one in fields(kind)  # type: ignore[arg-type]
        if _is_there(one, value, where)
    })  # fmt: skip


# each call parses the annotations anew, and a result may have a million values
_hints: Callable[[Any], dict[str, Any]] = functools.cache(typing.get_type_hints)


def _key(one: Field[Any]) -> str:
    return str(one.metadata.get("key", one.name))


def _is_left_out(one: Field[Any], value: Any) -> bool:
    return value is None and "optional" in one.metadata


def _is_there(one: Field[Any], values: dict[str, Any], where: str) -> bool:
    there = _key(one) in values
    if not there and one.default is MISSING and one.default_factory is MISSING:
        raise ValueError(f"{where}{_key(one)} is missing")
    return there


def _decoded(kind: Any, value: Any, where: str) -> Any:
    """`value` as the annotation `kind` says."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return None if value is None else _decoded(inner[0], value, where)
    if origin is tuple:
        return _tuple(inner[0], value, where)
    if origin is Mapping:
        return _mapping(inner[1], value, where)
    if is_dataclass(kind):
        return decode(kind, value, f"{where}.")  # type: ignore[arg-type]
    fits, what = _KINDS[origin or kind]
    return _checked(fits(value), value, where, what)


def _tuple(kind: Any, values: Any, where: str) -> tuple[Any, ...]:
    _checked(isinstance(values, list), values, where, "a list")
    return tuple(_decoded(kind, item, f"{where}[{number}]") for number, item in enumerate(values))


def _mapping(kind: Any, values: Any, where: str) -> dict[str, Any]:
    _checked(isinstance(values, dict), values, where, "an object")
    return {key: _decoded(kind, item, f"{where}.{key}") for key, item in values.items()}


def _checked(fits: bool, value: Any, where: str, what: str) -> Any:
    if not fits:
        raise ValueError(f"{where} is not {what}")
    return value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return False


_KINDS: dict[Any, tuple[Callable[[Any], bool], str]] = {
    Any: (lambda value: True, ""),
    Literal: (_is_text, "text"),
    str: (_is_text, "text"),
    bool: (lambda value: isinstance(value, bool), "true or false"),
    int: (lambda value: type(value) is int, "a whole number"),
    float: (lambda value: type(value) in (int, float) and _is_finite(value), "a finite number"),
}
