"""The towers that vljepa-mini began as, for `--model`: its X-encoder before it learned any caption."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

import torch

from vlret.models.vljepa.embedder import VLJEPA
from vlret.training.export import write_folder
from vlret.training.initial import initial_model
from vlret.training.recipe import read_recipe


def published_towers() -> VLJEPA:
    """Return vljepa-mini before any training; its predictor is random.

    Raises:
        ModelError: runs/weights lacks the published towers (`make weights`).
    """
    recipe, folder = read_recipe("recipes/mini/recipe.toml"), Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    torch.manual_seed(recipe.seed)
    write_folder(initial_model(recipe).eval(), folder, recipe)
    return VLJEPA(folder)
