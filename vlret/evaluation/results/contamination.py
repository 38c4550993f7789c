"""Which training datasets of a model overlap with a benchmark, and what they share with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vlret.datasets.base import SetCard


def contamination(trained_on: Sequence[str], card: SetCard) -> list[str]:
    """Those of `trained_on` that overlap with a dataset, by name in any spelling."""
    own = {_plain(name) for name in (card.name, card.title, *card.overlaps)}
    return [name for name in trained_on if _plain(name) in own]


def overlap_note(contaminated_by: Sequence[str], overlaps: Mapping[str, str]) -> str:
    """`contamination` in words: "trained on A (what it shares), B, which overlap with this dataset"."""
    shared = {_plain(name): what for name, what in overlaps.items()}
    named = [f"{name} ({what})" if (what := shared.get(_plain(name))) else name for name in contaminated_by]
    return f"trained on {', '.join(named)}, which overlap{'' if named[1:] else 's'} with this dataset"


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
