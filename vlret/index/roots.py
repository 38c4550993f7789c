"""The folders that the paths of an index are relative to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from vlret.errors import IndexFolderError
from vlret.index.manifest import Manifest
from vlret.remote_path import absolute_path
from vlret.text import printable


class RootNumbers:
    """The roots of an index in their order; a root's number is its place, and new ones come at the end."""

    def __init__(self, roots: Iterable[str] = ()) -> None:
        self.roots = list(roots)
        self._numbers: dict[str, int] = {}
        for number, root in enumerate(self.roots):
            self._numbers.setdefault(root, number)

    def number(self, root: str) -> int:
        """The number of `root`, which is added if it is new."""
        if root not in self._numbers:
            self._numbers[root] = len(self.roots)
            self.roots.append(root)
        return self._numbers[root]


def with_root(folder: Path, manifest: Manifest, old: str, new: str) -> Manifest:
    """The manifest with the folder `new` in place of the root `old`.

    Raises:
        IndexFolderError: the index in `folder` has no such root.
    """
    roots, before, after = manifest.roots, str(absolute_path(old)), str(absolute_path(new))
    if before not in roots:
        raise IndexFolderError(
            printable(f"The index {folder} has no root {old}."),
            printable(f"Its roots: {', '.join(roots) or 'none'}."),
            code="no_such_root",
            given=old,
            allowed=roots,
        )
    moved = tuple(after if root == before else root for root in roots)
    return replace(manifest, roots=moved)
