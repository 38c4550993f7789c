"""A database in memory in place of every address, and an index that changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.index.backends.memory_database import MemoryDatabase
from tests.index.synthetic import ROOT, add_file, synthetic_index, unit_rows
from vlret.index.index import Index
from vlret.index.move_root import move_root
from vlret.index.pushed import open as opening
from vlret.index.pushed import push as pushing
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.writer import IndexWriter

ADDRESS = "lancedb:memory"
DIM = 16


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> MemoryDatabase:
    """Every address is this one."""
    kept = MemoryDatabase(DIM, ADDRESS)

    def opened(address: str, dim: int | None = None) -> MemoryDatabase:
        return type(kept)(DIM, ADDRESS, rows=kept.rows, files=kept.files)

    monkeypatch.setattr(pushing, "open_database", opened)
    monkeypatch.setattr(opening, "open_database", opened)
    return kept


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """60 clips of 20 files."""
    return synthetic_index(tmp_path / "index", unit_rows(60, DIM), 3)


def change(folder: Path, new_root: str | None = None) -> Index:
    """Two files more, three clips less, and another place of the library."""
    writer = IndexWriter(Snapshot.read(Store(folder)), [ROOT])
    add_file(writer, "new 日本.mp4", unit_rows(4, DIM, seed=8))
    add_file(writer, "newer.mp4", unit_rows(2, DIM, seed=9))
    writer.drop([0, 1, 2])
    writer.commit()
    if new_root:
        move_root(folder, ROOT, new_root)
    return Index.open(folder)
