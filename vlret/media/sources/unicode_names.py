"""File names that are the same text in another Unicode normal form: a list in NFC, a disk in NFD."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from unicodedata import normalize


class UnicodeNames:
    """Finds files by names in another normal form; caches the directories it has listed."""

    def __init__(self) -> None:
        self._listings: dict[Path, dict[str, list[str]]] = {}

    def find(self, path: Path) -> list[Path]:
        """Return the absolute `path` if it exists, else all existing paths that equal it in normal form."""
        found = [Path(path.anchor)]
        for name in path.parts[1:]:
            found = [folder / equal for folder in found for equal in self._equal_names(folder, name)]
        return found

    def _equal_names(self, folder: Path, name: str) -> list[str]:
        if os.path.lexists(folder / name):
            return [name]
        if name.isascii():
            return []
        if folder not in self._listings:
            self._listings[folder] = _listing(folder)
        return self._listings[folder].get(normalize("NFC", name), [])


def _listing(folder: Path) -> dict[str, list[str]]:
    """Return the names in `folder` by their NFC form; none where it cannot be listed."""
    names = defaultdict(list)
    try:
        for name in sorted(os.listdir(folder)):
            names[normalize("NFC", name)].append(name)
    except OSError:
        return {}
    return names
