"""How the registry knows a set: its card, its reader and the choices it leaves to the user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vlret.datasets.base import BenchmarkSet, SetCard


@dataclass(frozen=True, slots=True)
class Adapter:
    """One benchmark set.

    `card(**choices)` is its card and `read(folder, card)` reads the annotation files. `options` holds the
    allowed values of each choice, the usual one first. `folder` is given where the annotation files lie in
    the folder of another set. `count(folder)` counts what can be counted while files are missing, under the
    names of `overview`.
    """

    card: Callable[..., SetCard]
    read: Callable[[Path, SetCard], BenchmarkSet]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    folder: str = ""
    count: Callable[[Path], Mapping[str, int]] | None = None
