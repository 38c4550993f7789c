"""Checks of the fields of a model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field
from typing import Any

from vlret.models.fields import number, text, texts, whole, wrong
from vlret.text import printable

CLIP_PIXELS = 1 << 26
"""The most pixels of all frames of a clip: 800 MB in float32."""


def check_names_of(values: Any, known: Sequence[Field[Any]]) -> None:
    """Refuse an object that lacks a required field, or has an unknown one.

    Raises:
        ValueError: it does; the message names the fields.
    """
    if not isinstance(values, Mapping):
        raise wrong("card", values, "an object of fields")
    missing = [field.name for field in known if field.default is MISSING and field.name not in values]
    unknown = sorted(values.keys() - {field.name for field in known})
    if missing or unknown:
        names = ", ".join(map(printable, (missing or unknown)[:5]))
        raise ValueError(f"field {names} is {'missing' if missing else 'unknown'}")


def check_card(card: Mapping[str, Any]) -> None:
    """Refuse a card whose fields have wrong types or impossible values.

    Raises:
        ValueError: a field has; the message names it.
    """
    for name in ("name", "revision", "weights_hash", "licence", "default_query", "preprocessing"):
        text(card, name)
    whole(card, "dim", 1, 1 << 16)
    whole(card, "text_length", 1, 1 << 20)
    whole(card, "frames", 1, 1024)
    whole(card, "resolution", 1, 2048)
    if card["frames"] * card["resolution"] ** 2 > CLIP_PIXELS:
        raise ValueError(f"fields frames and resolution make more than {CLIP_PIXELS} pixels a clip")
    number(card, "temperature", 1e-6, 1e6)
    if card["unknown_threshold"] is not None:
        number(card, "unknown_threshold", 0, 1)
    if card["resize"] not in ("squash", "crop", "own"):
        raise wrong("resize", card["resize"], "squash, crop or own")
    if not isinstance(card["takes_query"], bool):
        raise wrong("takes_query", card["takes_query"], "true or false")
    texts(card, "prompts")
    texts(card, "trained_on")
