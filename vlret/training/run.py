"""`train`: a recipe to a model folder, in three stages that each go on where they were stopped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch

from vlret.errors import UsageError
from vlret.files import replace_file
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.calibration import calibrate_on
from vlret.training.caption_stage import CaptionTrainer, dev_vectors
from vlret.training.data import DEV_SPLITS, TRAIN_SPLITS, TrainingData, check_sets, load_data, read_sets
from vlret.training.export import export, write_card, write_folder
from vlret.training.features import further_features, text_features
from vlret.training.initial import initial_model
from vlret.training.question_stage import QuestionTrainer
from vlret.training.recipe import Recipe
from vlret.training.tower_stage import teach_towers
from vlret.training.x_encoder_stages import first_stages, last_stages
from vlret.types import Pixels

FIRST_STAGES = "first_stages"
"""Folder of what is computed first: before it is there nothing of a run is worth keeping."""


def train(recipe: Recipe, out: str | Path) -> Path:
    """Train a vljepa-mini from raw data; returns the folder of the finished model.

    `out` keeps cached features, the checkpoint of every stage's last epoch and the model. A run that was
    stopped goes on from there when the same command is given again.

    Raises:
        UsageError: the sets cannot be trained on (`check_sets`), or `out` holds a run of another recipe.
    """
    check_sets(recipe)
    folder = Path(out)
    _claim(folder, recipe)
    torch.manual_seed(recipe.seed)
    model = initial_model(recipe).eval()
    write_folder(model, folder / "initial", recipe)
    data, dev = activations(recipe, model, folder)
    teach_towers(model, recipe, data, dev, folder)
    write_folder(model, folder / "towers", recipe)
    data, dev = (with_towers(part, model, folder / "towers", folder / "features") for part in (data, dev))
    if recipe.captions.epochs:
        CaptionTrainer(recipe, model, data).teach(dev, folder)
    if recipe.questions.epochs:
        QuestionTrainer(recipe, model, VLJEPA(folder / "towers"), data).teach(dev, folder)
    finished = export(model, folder / "model", recipe)
    clips, _ = dev_vectors(model, dev)
    write_card(model, finished, recipe, calibrate_on(dev.items, clips, VLJEPA(finished)))
    return finished


def activations(recipe: Recipe, model: VLJEPAModel, folder: Path) -> tuple[TrainingData, TrainingData]:
    """Training and dev data, their features the activations of the X-encoder's first stages, which never learn."""
    embedder = VLJEPA(folder / "initial")

    def encode(views: Sequence[Pixels]) -> torch.Tensor:
        return first_stages(embedder, views)

    def load(splits: Sequence[str], views: int) -> TrainingData:
        return load_data(read_sets(recipe, splits), encode, views, model, embedder, folder / FIRST_STAGES)

    return load(TRAIN_SPLITS, recipe.views), load(DEV_SPLITS, 1)


def with_towers(data: TrainingData, model: VLJEPAModel, towers: Path, cache: Path) -> TrainingData:
    """The same data as the towers of `model`, saved in `towers`, see it: visual tokens and states of captions."""
    embedder = VLJEPA(towers)
    first, tokens = 0, []
    for name, array in zip(data.names, data.features, strict=True):
        items = data.items[first : first + len(array)]
        tokens.append(
            further_features(array, lambda maps: last_stages(embedder, maps), items, cache / f"{name}.npy")
        )
        first += len(array)
    texts = text_features(data.captions, data.ids, model.y_encoder, cache / f"texts-{items[0].split}.npy")
    return replace(data, features=tokens, texts=texts)


def _claim(folder: Path, recipe: Recipe) -> None:
    """Write the recipe into the run's folder, or refuse a folder with results of another: stages would be mixed."""
    file, text = folder / "recipe.json", json.dumps(asdict(recipe), indent=1, default=str) + "\n"
    if (folder / FIRST_STAGES).exists() and file.is_file() and file.read_text() != text:
        raise UsageError(
            f"{folder} holds a run of another recipe.",
            "Give --out another folder, or the recipe that this one was begun with (its recipe.json).",
        )
    replace_file(file, text.encode())
