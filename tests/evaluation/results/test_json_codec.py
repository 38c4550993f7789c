"""Dataclasses to JSON values and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from vlret.evaluation.results.json_codec import OPTIONAL, decode, encode


@dataclass(frozen=True)
class Inner:
    numbers: tuple[float, ...]
    more: int | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class Outer:
    name: str
    kind: Literal["a", "b"]
    inner: Mapping[str, Inner] = field(metadata={"key": "parts"})
    free: Mapping[str, Any]
    maybe: float | None


OBJECT = Outer("\udcff", "a", {"x": Inner((1, 2.5)), "y": Inner((), 0)}, {"k": [1, None]}, None)
VALUES = {
    "name": "\udcff", "kind": "a", "parts": {"x": {"numbers": [1, 2.5]}, "y": {"numbers": [], "more": 0}},
    "free": {"k": [1, None]}, "maybe": None,
}  # fmt: skip


def test_there_and_back():
    assert encode(OBJECT) == VALUES
    assert list(encode(OBJECT)) == list(VALUES)
    assert decode(Outer, VALUES) == OBJECT
    assert decode(Outer, {**VALUES, "unknown": 1}) == OBJECT


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"parts": {"x": {"numbers": [1, "2"]}}}, r"parts\.x\.numbers\[1\] is not a finite number"),
        ({"parts": {"x": {"numbers": [float("nan")]}}}, r"numbers\[0\] is not a finite number"),
        ({"parts": {"x": {"numbers": [], "more": 1.0}}}, r"parts\.x\.more is not a whole number"),
        ({"parts": {"x": {}}}, r"parts\.x\.numbers is missing"),
        ({"maybe": "1"}, "maybe is not a finite number"),
        ({"name": None}, "name is not text"),
    ],
)
def test_a_wrong_value_is_named(change, words):
    with pytest.raises(ValueError, match=words):
        decode(Outer, {**VALUES, **change})


def test_the_whole_is_an_object():
    with pytest.raises(ValueError, match="the file is not an object"):
        decode(Outer, [])
