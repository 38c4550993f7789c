"""Damage of the Parquet tables is told by the name of the file, whatever byte it hits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.index.synthetic import add_file, new_index, unit_rows
from vlret.errors import IndexFolderError
from vlret.index.index import Index
from vlret.index.tables import SkippedRow


@pytest.mark.parametrize("name", ["shards/000001.parquet", "skipped", "dropped"])
def test_flipped_bytes_of_a_table_are_told_or_harmless(name: str, tmp_path: Path) -> None:
    """Flips outside of what is read of a file (unused columns, statistics) change nothing."""
    folder = spoiled_index(tmp_path / "index")
    path = folder / name if "/" in name else next(folder.glob(f"{name}-*.parquet"))
    whole, before = path.read_bytes(), contents(folder)
    random = np.random.default_rng(0)
    for place in random.integers(len(whole), size=60):
        path.write_bytes(
            whole[:place] + bytes([whole[place] ^ 1 << int(random.integers(8))]) + whole[place + 1 :]
        )
        try:
            now = contents(folder)
        except IndexFolderError as error:
            assert path.name in str(error)  # noqa: PT017
        else:
            assert now == before, place


def spoiled_index(folder: Path) -> Path:
    writer = new_index(folder, 16)
    add_file(writer, "a.mp4", unit_rows(40, 16))
    writer.skip(SkippedRow(0, "bad.mp4", 5, 5, "damaged"))
    writer.drop(np.array([3, 17]))
    writer.commit()
    return folder


def contents(folder: Path) -> object:
    index = Index.open(folder)
    return index.rows().to_dict("records"), index.vectors().tolist(), index.skipped
