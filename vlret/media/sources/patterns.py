"""Patterns with `*`, `?`, `[...]` and `**` for paths."""

from __future__ import annotations

import glob
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

P = TypeVar("P", bound=Path)


def fixed_folder(pattern: P) -> P:
    """Return the longest directory of a pattern that holds no magic characters."""
    root = pattern
    while glob.has_magic(str(root)):
        root = root.parent
    return root


def is_below(names: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Return whether the path, or a directory it lies in, matches the pattern; `**` stands for any directories."""
    return any(_is_match(names[: n + 1], pattern) for n in range(len(names)))


def _is_match(names: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not names
    if pattern[0] == "**":
        return any(_is_match(names[n:], pattern[1:]) for n in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], pattern[0]) and _is_match(names[1:], pattern[1:])
