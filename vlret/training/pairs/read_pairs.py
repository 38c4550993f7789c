"""`read_pairs`: the datasets of a recipe, whatever form they have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vlret.errors import UsageError
from vlret.storage import is_folder, is_url, joined, shown
from vlret.training.pairs.folders import read_folder
from vlret.training.pairs.pair_set import PairSet, pair_set
from vlret.training.pairs.row import Row
from vlret.training.pairs.splits import TRAIN
from vlret.training.pairs.tables import is_table, read_table
from vlret.training.pairs.tars import is_tars, read_tars

HELD_OUT = "file also in another split"


def read_pairs(sets: Sequence[str], folder: str | Path) -> list[PairSet]:
    """Return the datasets that a recipe names, each with all its splits.

    A training clip whose file is also in another split, of whichever dataset, is dropped and counted.

    Args:
        sets: paths below `folder`, other paths, or addresses of tables, tars, or directories.
        folder: a directory or an address.

    Raises:
        UsageError: a dataset is not there, has no rows, lacks a column, or a row is not as it should be.
        MissingExtraError: an address needs a package that is not installed.
    """
    base = str(folder) if is_url(str(folder)) else str(Path(folder).absolute())
    return _apart([pair_set(name, _rows(joined(base, name))) for name in sets])


def _rows(location: str) -> Iterator[Row]:
    if is_table(location):
        return read_table(location)
    if is_tars(location):
        return read_tars(location)
    if is_folder(location):
        return read_folder(location)
    raise UsageError(
        f"{shown(location)} is no dataset.",
        "Give a table (.jsonl, .csv, .tsv, .parquet), tars, or a directory with media files and their texts.",
        code="no_dataset",
        path=shown(location),
    )


def _apart(sets: Sequence[PairSet]) -> list[PairSet]:
    """Return the datasets without training clips of files that are also in other splits."""
    held = np.concatenate([one.file_ids[one.splits != TRAIN] for one in sets])
    return [one.without((one.splits == TRAIN) & np.isin(one.file_ids, held), HELD_OUT) for one in sets]
