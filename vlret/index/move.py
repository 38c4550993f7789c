"""Files that were moved or renamed: they are recognised by their content and keep their vectors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from vlret.index.fingerprint import fingerprint
from vlret.index.gone import is_gone_from
from vlret.index.indexed_files import IndexedFile
from vlret.index.snapshot import Snapshot
from vlret.index.tables import FileRow, shard_schema
from vlret.index.writer import IndexWriter
from vlret.remote_path import RemotePath


@dataclass(frozen=True, slots=True)
class Moved:
    """A moved file: its new row, its clips, and the clips that these replace."""

    file: FileRow
    clip_ids: list[int]
    old_ids: list[int]


class MoveFinder:
    """Finds where files of an index were moved to, by size and content; each is found once."""

    def __init__(
        self,
        files: Sequence[IndexedFile],
        listed: Mapping[RemotePath, Container[RemotePath]] = MappingProxyType({}),
    ) -> None:
        """`listed` are the objects of directories at addresses that were looked through."""
        self._listed = listed
        self._by_size: dict[int, list[IndexedFile]] = defaultdict(list)
        self._gone: dict[int, dict[str, list[IndexedFile]]] = {}
        for file in files:
            self._by_size[file.file.size].append(file)

    def find(self, path: Path, size: int) -> IndexedFile | None:
        """The file that was moved to `path`: one with the same content that is gone. Raises OSError."""
        if size not in self._gone:
            self._gone[size] = _by_fingerprint(
                file for file in self._by_size[size] if is_gone_from(file.path, self._listed)
            )
        same = self._gone[size] and self._gone[size].get(fingerprint(path))
        if not same:
            return None
        found = next((file for file in same if file.path.name == path.name), same[0])
        same.remove(found)
        return found


def _by_fingerprint(files: Iterable[IndexedFile]) -> dict[str, list[IndexedFile]]:
    found: dict[str, list[IndexedFile]] = defaultdict(list)
    for file in files:
        found[file.fingerprint].append(file)
    return found


def move_files(writer: IndexWriter, snapshot: Snapshot, moved: Sequence[Moved]) -> None:
    """Give each file new rows with the vectors that it has; its old rows are dropped by the same commit."""
    number = {clip_id: n for n, item in enumerate(moved) for clip_id in item.clip_ids}
    schema = shard_schema(snapshot.manifest.recipe.card.dim)
    for entry in snapshot.manifest.shards if moved else ():
        table = snapshot.store.read_table(entry, schema)
        positions: dict[int, list[int]] = defaultdict(list)
        for position, clip_id in enumerate(table["clip_id"].to_pylist()):
            if clip_id in number:
                positions[number[clip_id]].append(position)
        for n, rows in positions.items():
            item = moved[n]
            writer.move(item.file, table.take(rows), np.array(item.clip_ids + item.old_ids, np.int64))
            writer.commit_if_due()
