"""The directory of a training run belongs to one recipe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlret.errors import UsageError
from vlret.files import replace_file
from vlret.text import short_repr

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def claim(folder: Path, recipe: DataclassInstance, first: str, writes: bool = True, **more: str) -> None:
    """Write the recipe into the directory of a run, or refuse one with results of another: stages would be mixed.

    `first` is what a run writes first; until it exists nothing is worth keeping. `more` is what else decides the
    results, and stands in the file beside the recipe. Only the process that `writes` writes.

    Raises:
        UsageError: the directory holds a run of another recipe.
    """
    file, text = folder / "recipe.json", json.dumps(asdict(recipe) | more, indent=1, default=str) + "\n"
    if (folder / first).exists() and file.is_file() and file.read_text() != text:
        changes = list(differences(json.loads(file.read_text()), json.loads(text)))
        raise UsageError(
            f"{folder} holds a run of another recipe: {'; '.join(changes)}.",
            "Choose another directory, or the recipe that this run was started with (its recipe.json).",
            code="run_of_other_recipe",
            path=folder,
            changes=changes,
        )
    if writes:
        replace_file(file, text.encode())


def differences(before: Any, now: Any, name: str = "") -> Iterator[str]:
    """Yield a line for each field in which two recipes differ, as `stages.0.rate was 0.1, is 0.2`."""
    fields = [dict(enumerate(one)) if isinstance(one, list) else one for one in (before, now)]
    if all(isinstance(one, dict) for one in fields):
        old, new = fields
        for key in [*old, *(key for key in new if key not in old)]:
            yield from differences(old.get(key), new.get(key), f"{name}.{key}".removeprefix("."))
    elif before != now:
        yield f"{name} was {short_repr(before)}, is {short_repr(now)}"
