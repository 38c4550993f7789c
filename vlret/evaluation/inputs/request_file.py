"""Several benchmark requests in one TOML file, such as all those of a table.

    models = ["vljepa-mini", "clip"]        # of every run that names none itself

    [[run]]
    name = "my clips"
    task = "retrieval"
    captions = "captions.csv"
    protocol = { frames = 4 }

A run has a name and the fields of `BenchRequest`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from vlret.errors import UsageError
from vlret.evaluation.inputs.request import BenchRequest

_PATHS = ("annotations", "captions", "labels", "questions", "index", "data")


def read_requests(file: Path, folder: Path | None = None) -> dict[str, BenchRequest]:
    """The requests of a TOML file by their names; paths in it are relative to `folder` (default: that of the file).

    Raises:
        UsageError: the file is missing or damaged, or a run has an unknown field, no name, or that of another one.
    """
    values = _read(file)
    runs = values.get("run")
    if not isinstance(runs, list) or not all(isinstance(run, dict) for run in runs):
        raise _invalid(file, "it has no [[run]]")
    found: dict[str, BenchRequest] = {}
    for run in runs:
        name = run.get("name")
        if not isinstance(name, str) or name in found:
            raise _invalid(file, f"the name of a run is {name!r}, not one of its own")
        found[name] = _request(file, {"models": values.get("models", []), **run}, folder or file.parent)
    return found


def _request(file: Path, run: Mapping[str, Any], folder: Path) -> BenchRequest:
    known = {field.name for field in fields(BenchRequest)} | {"name"}
    unknown = [key for key in run if key not in known]
    if unknown or "task" not in run:
        raise _invalid(
            file, f"run {run['name']!r} has {f'an unknown {unknown[0]}' if unknown else 'no task'}"
        )
    values = {key: folder / value if key in _PATHS else value for key, value in run.items() if key != "name"}
    return BenchRequest(**{
        **values,
        "precomputed": [folder / one for one in run.get("precomputed", ())],
        "protocol": {key: _frozen(value) for key, value in run.get("protocol", {}).items()},
    })  # fmt: skip


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}.",
            "Give a TOML file of runs.",
            code="requests_unreadable",
            path=file,
        ) from error
    except ValueError as error:
        raise _invalid(file, str(error)) from error


def _invalid(file: Path, what: str) -> UsageError:
    return UsageError(f"{file} is not valid: {what}.", "Fix that line.", code="requests_invalid", path=file)
