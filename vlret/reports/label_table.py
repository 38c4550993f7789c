"""Labels as a table on disk: CSV, Parquet or JSONL, told by the suffix."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vlret.errors import UsageError
from vlret.files import write_output
from vlret.reports.csv_text import csv_text
from vlret.types import Label

SUFFIXES = (".csv", ".parquet", ".jsonl")
_TEXT, _NUMBER = pa.string(), pa.float64()
_COLUMNS = {
    "path": _TEXT, "start": _NUMBER, "end": _NUMBER, "label": _TEXT, "score": _NUMBER, "probability": _NUMBER,
    "margin": _NUMBER,
}  # fmt: skip
_TOP = pa.list_(pa.struct({"label": _TEXT, "score": _NUMBER, "probability": _NUMBER}))


def check_table(path: Path) -> None:
    """Raise `UsageError` unless `path` ends in .csv, .parquet or .jsonl: asked before hours of work."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path} cannot be written.", f"Let its name end in {', '.join(SUFFIXES)}.")


def write_table(path: Path, labels: Sequence[Label]) -> None:
    r"""One row a clip; a row of .parquet and .jsonl holds the list `top` too. The folder is made.

    In a .csv a text that a spreadsheet would run as a formula begins with `'` (`vlret.text.no_formula`). Bytes of
    a file name that are not UTF-8 are escaped, as `\udcff`.

    Raises:
        OutputError: it cannot be written; the old table is left as it was.
    """
    check_table(path)
    rows = [label_dict(item) for item in labels]
    match path.suffix.lower():
        case ".csv":
            cells = ([row[name] for name in _COLUMNS] for row in rows)
            data = csv_text([list(_COLUMNS), *cells]).encode(errors="backslashreplace")
        case ".parquet":
            data = _parquet(rows)
        case _:
            data = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    write_output(path, data)


def label_dict(item: Label) -> dict[str, Any]:
    """A label as plain JSON values."""
    return {**asdict(item), "top": [asdict(one) for one in item.top]}


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    table = pa.Table.from_pylist(list(map(_encodable, rows)), pa.schema({**_COLUMNS, "top": _TOP}))
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _encodable(value: Any) -> Any:
    """The same, lone surrogates in its texts escaped: Parquet takes UTF-8 only."""
    if isinstance(value, dict):
        return {name: _encodable(part) for name, part in value.items()}
    if isinstance(value, list):
        return list(map(_encodable, value))
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
