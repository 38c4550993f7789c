"""Labels as a table on disk: CSV, Parquet or JSONL, told by the suffix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from vlret.errors import UsageError
from vlret.files import write_output
from vlret.types import Label

SUFFIXES = (".csv", ".parquet", ".jsonl")
_COLUMNS = ("path", "start", "end", "label", "score", "probability", "margin")


def check_table(path: Path) -> None:
    """Raise `UsageError` unless `path` ends in .csv, .parquet or .jsonl: asked before hours of work."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path} cannot be written.", f"Let its name end in {', '.join(SUFFIXES)}.")


def write_table(path: Path, labels: Sequence[Label]) -> None:
    """One row a clip; a row of .parquet and .jsonl holds the list `top` too. The folder is made."""
    check_table(path)
    table = pd.DataFrame([label_dict(item) for item in labels], columns=[*_COLUMNS, "top"])
    match path.suffix.lower():
        case ".csv":
            data = table.drop(columns="top").to_csv(index=False).encode(errors="backslashreplace")
        case ".parquet":
            data = table.to_parquet(index=False)
        case _:
            data = table.to_json(orient="records", lines=True, force_ascii=True).encode()
    write_output(path, data)


def label_dict(item: Label) -> dict[str, Any]:
    """A label as plain JSON values."""
    return {**asdict(item), "top": [asdict(one) for one in item.top]}
