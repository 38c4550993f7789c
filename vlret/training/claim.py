"""The directory of a training run belongs to one recipe."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from vlret.errors import UsageError
from vlret.files import replace_file

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def claim(folder: Path, recipe: DataclassInstance, first: str, **more: str) -> None:
    """Write the recipe into the directory of a run, or refuse one with results of another: stages would be mixed.

    `first` is what a run writes first; until it exists nothing is worth keeping. `more` is what else decides the
    results, and stands in the file beside the recipe.

    Raises:
        UsageError: the directory holds a run of another recipe.
    """
    file, text = folder / "recipe.json", json.dumps(asdict(recipe) | more, indent=1, default=str) + "\n"
    if (folder / first).exists() and file.is_file() and file.read_text() != text:
        raise UsageError(
            f"{folder} holds a run of another recipe.",
            "Choose another directory, or the recipe that this run was started with (its recipe.json).",
            code="run_of_other_recipe",
            path=folder,
        )
    replace_file(file, text.encode())
