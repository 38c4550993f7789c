"""Cards from files: every field is checked, and an error names it."""

from __future__ import annotations

import numpy as np
import pytest

from vlret.models.base import ModelCard

CARD = {
    "name": "a", "revision": "1", "weights_hash": "0" * 64, "dim": 4, "frames": 8, "resolution": 224,
    "resize": "squash", "licence": "MIT", "prompts": ["{}"], "temperature": 0.01, "text_length": 77,
}  # fmt: skip


def test_a_card_comes_back_as_it_went():
    card = ModelCard.from_dict({**CARD, "trained_on": ["COCO"], "unknown_threshold": 0.5})
    assert ModelCard.from_dict(card.to_dict()) == card
    assert ModelCard.from_dict({**CARD, "dim": np.int64(4), "temperature": np.float32(0.01)}).dim == 4


@pytest.mark.parametrize("field", CARD)
def test_a_missing_field_is_named(field):
    with pytest.raises(ValueError, match=f"field {field} is missing"):
        ModelCard.from_dict({name: value for name, value in CARD.items() if name != field})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 7), ("revision", None), ("weights_hash", ["0"]), ("dim", "4"), ("dim", True), ("dim", 0),
        ("dim", 10**9), ("dim", 4.0), ("frames", -1), ("frames", 10**6), ("resolution", 20_000),
        ("resolution", float("nan")), ("resize", "stretch"), ("resize", []), ("licence", {}), ("prompts", "{}"),
        ("prompts", [1]), ("prompts", ["{}"] * 1001), ("temperature", 0), ("temperature", float("inf")),
        ("temperature", "1"), ("text_length", 10**9), ("takes_query", 1), ("default_query", None),
        ("preprocessing", 3), ("unknown_threshold", 2), ("unknown_threshold", "0.5"), ("trained_on", [None]),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(field, value):
    with pytest.raises(ValueError, match=f"field {field} (is|holds)"):
        ModelCard.from_dict({**CARD, field: value})


def test_frames_and_resolution_are_bounded_together():
    with pytest.raises(ValueError, match="frames and resolution make more than"):
        ModelCard.from_dict({**CARD, "frames": 1000, "resolution": 2000})


@pytest.mark.parametrize("values", [[], None, "card", 7])
def test_a_card_is_an_object(values):
    with pytest.raises(ValueError, match="field card"):
        ModelCard.from_dict(values)


def test_unknown_fields_are_named_without_control_characters():
    with pytest.raises(ValueError, match=r"field \\x1bmore is unknown"):
        ModelCard.from_dict({**CARD, "\x1bmore": 1})
