"""Writes labels as a table: CSV, Parquet or JSONL, selected by the suffix."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
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
    """Raise `UsageError` unless `path` ends in .csv, .parquet or .jsonl; call it before long work."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path} is not a supported table file.",
            f"Use one of the suffixes {', '.join(SUFFIXES)}.",
            code="unknown_table_type",
            path=path,
            allowed=SUFFIXES,
        )


def write_table(path: Path, labels: Sequence[Label]) -> None:
    r"""Write one row per clip; rows of .parquet and .jsonl include the list `top`. The directory is created.

    In a .csv a text that a spreadsheet would run as a formula begins with `'` (`vlret.text.no_formula`). Bytes of
    a file name that are not UTF-8 are escaped, as `\udcff`.

    Raises:
        OutputError: it cannot be written; an existing table is left unchanged.
    """
    check_table(path)
    rows = [item.to_json() for item in labels]
    match path.suffix.lower():
        case ".csv":
            cells = ([row[name] for name in _COLUMNS] for row in rows)
            data = csv_text([list(_COLUMNS), *cells]).encode(errors="backslashreplace")
        case ".parquet":
            data = _parquet(rows)
        case _:
            data = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    write_output(path, data)


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    table = pa.Table.from_pylist(list(map(_encodable, rows)), pa.schema({**_COLUMNS, "top": _TOP}))
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _encodable(value: Any) -> Any:
    """Return `value` with lone surrogates in its texts escaped: Parquet requires UTF-8."""
    if isinstance(value, dict):
        return {name: _encodable(held) for name, held in value.items()}
    if isinstance(value, list):
        return list(map(_encodable, value))
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
