"""Files of an index that are gone, as opposed to directories that may only be unplugged."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from vlret.errors import IndexFolderError
from vlret.index.gone import is_gone_from
from vlret.index.indexed_files import IndexedFile, indexed_files
from vlret.index.snapshot import Snapshot
from vlret.remote_path import RemotePath


@dataclass(slots=True)
class MissingFiles:
    """What pruning finds: the clip_ids of files that are gone, and the folders that are gone as a whole.

    `folders` are missing or empty, as an unplugged drive is, with the number of their files in the index;
    the clips of these are not in `clip_ids`.
    """

    clip_ids: list[int] = field(default_factory=list)
    folders: Counter[Path] = field(default_factory=Counter)


def find_missing_files(
    snapshot: Snapshot,
    moved: Collection[int] = (),
    missing_folders: bool = False,
    listed: Mapping[RemotePath, Container[RemotePath]] = MappingProxyType({}),
) -> MissingFiles:
    """What of the index is gone; files with clips in `moved` are not looked at.

    With `missing_folders`, and where the index has the same content from another file that is there, clips
    are dropped even if the whole folder is gone. Objects at addresses are gone if their directory was `listed` without
    them; nobody is asked about others, which are kept.

    Raises:
        IndexFolderError: nothing of a whole root is there.
    """
    files = [file for file in indexed_files(snapshot) if file.ids[0] not in moved]
    gone = {file.path: file for file in files if is_gone_from(file.path, listed)}
    there = [file for file in files if file.path not in gone]
    contents = {_content(file) for file in there}
    missing, lost = MissingFiles(), defaultdict(list)
    for file in gone.values():
        if missing_folders or isinstance(file.path, RemotePath) or _content(file) in contents:
            missing.clip_ids += file.ids
        else:
            lost[snapshot.manifest.roots[file.file.root]].append(file)
    for root in lost.keys() - {snapshot.manifest.roots[file.file.root] for file in there}:
        raise _nothing_left(snapshot, root, len(lost[root]))
    for root, lost_files in lost.items():
        _sort_out(missing, Path(root), lost_files)
    return missing


def _content(file: IndexedFile) -> tuple[int, str]:
    return file.file.size, file.fingerprint


def _sort_out(missing: MissingFiles, root: Path, files: list[IndexedFile]) -> None:
    is_away = {folder: _is_missing_or_empty(folder) for folder in {file.path.parent for file in files}}
    for file in files:
        if is_away[file.path.parent]:
            missing.folders[_topmost(file.path.parent, root)] += 1
        else:
            missing.clip_ids += file.ids


def _topmost(folder: Path, root: Path) -> Path:
    """The highest folder below `root` that contains `folder` and is missing or empty like it."""
    while folder.parent != root and _is_missing_or_empty(folder.parent):
        folder = folder.parent
    return folder


def _is_missing_or_empty(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # it is there, but we may not look
        return False


def _nothing_left(snapshot: Snapshot, root: str, n_files: int) -> IndexFolderError:
    return IndexFolderError(
        f"Nothing was pruned from {snapshot.store.folder}: none of its {n_files} files in {root} exists.",
        "Plug the drive in, or record where the directory is now (move_root); prune_missing_folders=True drops "
        "its clips.",
        code="root_missing",
        path=root,
        index=snapshot.store.folder,
    )
