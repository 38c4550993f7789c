"""Warnings about a text before it is embedded: longer than the model reads, or not English."""

from __future__ import annotations

import logging
import re

from vlret.models.base import Embedder

log = logging.getLogger(__name__)

# Function words only: they make up a third of a sentence. None of the foreign ones is an English word
# (van, met, dos) or common in English names (Los Angeles).
_ENGLISH = "a an the of in on at to is are and with by from for his her its their"
_FOREIGN = (
    "ein eine einen einem einer der das dem den und ist auf mit über zwei "  # German
    "une les dans avec sur est et deux "  # French
    "el una por del y "  # Spanish
    "il gli che della nel sulla "  # Italian
    "um uma na da "  # Portuguese
    "het een"  # Dutch
)
_ENGLISH_WORDS, _FOREIGN_WORDS = frozenset(_ENGLISH.split()), frozenset(_FOREIGN.split())


def text_warnings(model: Embedder, text: str) -> list[str]:
    """A sentence where `model` reads only the beginning of `text`, and one where it does not look English."""
    shown = text if len(text) <= 80 else f"{text[:77]}..."
    warnings = []
    if model.is_cut(text):
        warnings.append(
            f"{model.card.name} reads only the first {model.card.text_length} tokens of {shown!r}."
        )
    if not looks_english(text):
        warnings.append(f"{shown!r} does not look like English: the results may be poor.")
    return warnings


def log_text_warnings(model: Embedder, text: str) -> None:
    """Log the `text_warnings`."""
    for warning in text_warnings(model, text):
        log.warning("%s", warning)


def looks_english(text: str) -> bool:
    """A rough guess: mostly ASCII letters, and no more foreign function words than English ones.

    Short texts without function words ("Hund") pass: the guess warns, it does not judge.
    """
    letters = [letter for letter in text if letter.isalpha()]
    if sum(not letter.isascii() for letter in letters) * 3 > len(letters):
        return False
    words = re.findall(r"\w+", text.lower())
    n_foreign = sum(word in _FOREIGN_WORDS for word in words)
    return n_foreign == 0 or n_foreign <= sum(word in _ENGLISH_WORDS for word in words)
