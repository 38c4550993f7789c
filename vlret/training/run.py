"""`train`: a recipe to a model folder, in two stages that each go on where they were stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.calibration import calibrate
from vlret.training.data import DEV_SPLITS, TRAIN_SPLITS, TrainingData, load_data, read_sets
from vlret.training.export import export, write_folder
from vlret.training.initial import initial_model
from vlret.training.joint_stage import dev_vectors, teach_jointly
from vlret.training.recipe import Recipe
from vlret.training.vision_stage import first_stages, teach_vision
from vlret.types import Pixels


def train(recipe: Recipe, out: str | Path) -> Path:
    """Train a vljepa-mini from raw data; returns the folder of the finished model.

    `out` keeps cached features, the checkpoint of every stage's last epoch and the model. A run that was
    stopped goes on from there when the same command is given again.
    """
    folder = Path(out)
    torch.manual_seed(recipe.seed)
    model = initial_model(recipe).eval()
    write_folder(model, folder / "initial", recipe)
    vision_stage(recipe, model, folder)
    dev = joint_stage(recipe, model, folder)
    return export(model, folder / "model", recipe, calibrate(*dev_vectors(model, dev), dev.caption_item))


def vision_stage(recipe: Recipe, model: VLJEPAModel, folder: Path) -> None:
    """The X-encoder's last stages learn from captioned items."""
    if not recipe.vision.epochs:
        return

    embedder = VLJEPA(folder / "initial")

    def encode(views: Sequence[Pixels]) -> torch.Tensor:
        return first_stages(embedder, views)

    def load(splits: Sequence[str], views: int) -> TrainingData:
        sets = read_sets(recipe, splits)
        captioned = {name: items for name, items in sets.items() if items[0].captions}
        return load_data(captioned, encode, views, model, embedder, folder / "first_stages")

    data, dev = load(TRAIN_SPLITS, recipe.vision.views), load(DEV_SPLITS, 1)
    teach_vision(model, recipe, data, dev, folder)


def joint_stage(recipe: Recipe, model: VLJEPAModel, folder: Path) -> TrainingData:
    """Predictor and Y-encoder's head learn on what the finished X-encoder and the Y-encoder say; gives dev."""
    write_folder(model, folder / "towers", recipe)
    train_data, dev = (
        joint_data(recipe, model, folder / "towers", folder / "features", splits)
        for splits in (TRAIN_SPLITS, DEV_SPLITS)
    )
    teach_jointly(model, VLJEPA(folder / "towers"), recipe, train_data, dev, folder)
    return dev


def joint_data(
    recipe: Recipe, model: VLJEPAModel, towers: Path, features: Path, splits: Sequence[str]
) -> TrainingData:
    """Visual tokens of all items of `splits` by the X-encoder in `towers`, cached in `features`."""
    embedder = VLJEPA(towers)

    def encode(views: Sequence[Pixels]) -> torch.Tensor:
        return torch.stack(embedder.encode_pixels(views))

    views = recipe.joint.views if splits == TRAIN_SPLITS else 1
    return load_data(read_sets(recipe, splits), encode, views, model, embedder, features)
