"""Whether an index is whole, and its media files are there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vlret.index.gone import is_gone
from vlret.index.indexed_files import indexed_files
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.view.open import find_view_damage
from vlret.remote_path import RemotePath


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check_index` found.

    `damaged` has a line for each file of the index that is missing or differs from its checksum; only where
    there is none, `files` counts the media files and `gone` names those that are not there. `remote` of the files are
    at addresses, where nobody was asked: an index from a stranger may name any.
    """

    index: Path
    damaged: tuple[str, ...]
    files: int
    gone: tuple[Path, ...]
    remote: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON values, paths as `Path`."""
        return asdict(self)


def check_index(folder: str | Path) -> CheckReport:
    """Read every byte of the index in `folder`, and look for media files that are gone.

    Raises:
        IndexFolderError: the folder holds no index, or its manifest is damaged.
    """
    store = Store(Path(folder))
    manifest = store.read_manifest()
    damaged = store.find_damage(manifest) + find_view_damage(store, manifest)
    paths = [] if damaged else [file.path for file in indexed_files(Snapshot.read(store))]
    remote = sum(isinstance(path, RemotePath) for path in paths)
    return CheckReport(store.folder, tuple(damaged), len(paths), tuple(filter(is_gone, paths)), remote)
