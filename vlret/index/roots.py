"""The folders that the paths of an index are relative to."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from vlret.errors import IndexFolderError
from vlret.index.manifest import Manifest
from vlret.text import printable


def with_root(folder: Path, manifest: Manifest, old: str, new: str) -> Manifest:
    """The manifest with the folder `new` in place of the root `old`.

    Raises:
        IndexFolderError: the index in `folder` has no such root.
    """
    roots = manifest.roots
    if os.path.abspath(old) not in roots:
        raise IndexFolderError(
            printable(f"The index {folder} has no root {old}."),
            printable(f"Its roots: {', '.join(roots) or 'none'}."),
            code="no_such_root",
            given=old,
            allowed=roots,
        )
    moved = tuple(os.path.abspath(new) if root == os.path.abspath(old) else root for root in roots)
    return replace(manifest, roots=moved)
