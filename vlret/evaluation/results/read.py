"""Reads the result of a run from its file."""

from __future__ import annotations

import json
from pathlib import Path

from vlret.errors import UsageError
from vlret.evaluation.results.consistency import check_consistent
from vlret.evaluation.results.result import SCHEMA, BenchResult

_HINT = "Give a result.json, or its directory."


def read_result(file: Path) -> BenchResult:
    """The result in `result.json`, given as the file or its directory.

    Raises:
        UsageError: "result_unreadable", "result_invalid" (it is no result of vlret) or "result_schema" (another
            version of vlret wrote it).
    """
    path = file / "result.json" if file.is_dir() else file
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        _check_schema(path, values)
        result = BenchResult.from_json(values)
        check_consistent(result)
        return result
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", _HINT, code="result_unreadable", path=path
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{path} is not a result of vlret bench ({error}).", _HINT, code="result_invalid", path=path
        ) from error


def _check_schema(path: Path, values: object) -> None:
    if not isinstance(values, dict) or not isinstance(values.get("models"), list):
        raise ValueError("it has no models")
    schema = values.get("schema")
    if schema is None:
        raise ValueError("it has no schema")
    if schema != SCHEMA:
        raise UsageError(
            f"{path} was written by another version of vlret (schema {schema}; this version reads {SCHEMA}).",
            "Run the benchmark again.",
            code="result_schema", path=path, schema=schema, allowed=SCHEMA,
        )  # fmt: skip
