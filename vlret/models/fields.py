"""Checks of values in an untrusted file; a `ValueError` names the field, its value and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from vlret.text import printable


def whole(values: Mapping[str, Any], name: str, low: int, high: int) -> int:
    """The whole number `values[name]`, from `low` to `high`."""
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= int(value) <= high:
        raise wrong(name, value, f"a whole number from {low} to {high}")
    return int(value)


def number(values: Mapping[str, Any], name: str, low: float, high: float) -> float:
    """The number `values[name]`, from `low` to `high`."""
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, Real) or not low <= float(value) <= high:
        raise wrong(name, value, f"a number from {low:g} to {high:g}")
    return float(value)


def text(values: Mapping[str, Any], name: str) -> str:
    """Return `values[name]`, which must be a string."""
    value = values.get(name)
    if not isinstance(value, str):
        raise wrong(name, value, "a text")
    return value


def texts(values: Mapping[str, Any], name: str, most: int = 1000) -> tuple[str, ...]:
    """The list of texts `values[name]`, at most `most`."""
    value = values.get(name)
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        raise wrong(name, value, "a list of texts")
    if len(value) > most:
        raise ValueError(f"field {name} holds {len(value)} texts, and at most {most} are allowed")
    return tuple(value)


def numbers(values: Mapping[str, Any], name: str, count: int) -> tuple[float, ...]:
    """The list `values[name]` of `count` finite numbers."""
    value = values.get(name)
    if not isinstance(value, (list, tuple)) or len(value) != count or not all(map(_is_finite, value)):
        raise wrong(name, value, f"a list of {count} numbers")
    return tuple(map(float, value))


def wrong(name: str, value: object, allowed: str) -> ValueError:
    """Return the error for a field that has not an `allowed` value."""
    shown = printable(repr(value))
    return ValueError(f"field {name} is {shown if len(shown) <= 40 else shown[:40] + '...'}, not {allowed}")


def _is_finite(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(float(value))
