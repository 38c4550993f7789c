"""Labels as a table on disk: CSV, Parquet or JSONL, told by the suffix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from vlret.errors import UsageError
from vlret.text import no_formula
from vlret.types import Label

SUFFIXES = (".csv", ".parquet", ".jsonl")
_COLUMNS = ("path", "start", "end", "label", "score", "probability", "margin")


def check_table(path: Path) -> None:
    """Raise `UsageError` unless `path` ends in .csv, .parquet or .jsonl: asked before hours of work."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path} cannot be written.", f"Let its name end in {', '.join(SUFFIXES)}.")


def write_table(path: Path, labels: Sequence[Label]) -> None:
    """One row a clip; a row of .parquet and .jsonl holds the list `top` too. The folder is made.

    In a .csv a text that a spreadsheet would run as a formula begins with `'` (`vlret.text.no_formula`).
    """
    check_table(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame([label_dict(item) for item in labels], columns=[*_COLUMNS, "top"])
    match path.suffix.lower():
        case ".csv":
            table.drop(columns="top").map(no_formula).to_csv(path, index=False, errors="backslashreplace")
        case ".parquet":
            table.to_parquet(path, index=False)
        case _:
            table.to_json(path, orient="records", lines=True, force_ascii=True)


def label_dict(item: Label) -> dict[str, Any]:
    """A label as plain JSON values."""
    return {**asdict(item), "top": [asdict(one) for one in item.top]}
