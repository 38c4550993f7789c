"""`train`: a recipe to a model directory, in up to three stages that each resume where they were stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from vlret.models.device import pick_device
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.adapters.registry import adapter_for
from vlret.training.calibration import calibrate_on
from vlret.training.caption_stage import CaptionTrainer, dev_vectors
from vlret.training.claim import claim
from vlret.training.data import DEV_SPLITS, TRAIN_SPLITS, TrainingData, check_sets, load_data, read_sets
from vlret.training.export import export, write_card, write_folder
from vlret.training.features import further_features, text_features
from vlret.training.initial import initial_model
from vlret.training.question_stage import QuestionTrainer
from vlret.training.recipe import TrainingRecipe
from vlret.training.recipe_stages import CaptionStage, QuestionStage
from vlret.training.tower_stage import train_towers
from vlret.types import Pixels

FIRST_STAGES = "first_stages"
"""Directory of what is computed first: until it exists nothing of a run is worth keeping."""


def train(recipe: TrainingRecipe, out: str | Path) -> Path:
    """Train the model of a recipe from raw data; returns the directory of the finished model.

    `out` keeps cached features, the checkpoint of every stage's last epoch and the model. A stopped run resumes when
    `train` is called again with the same arguments.

    Raises:
        UsageError: the datasets cannot be trained on (`check_sets`), no adapter supports
            the X-encoder, or `out` holds a run of another recipe.
        ModelError: published weights are missing or do not match.
    """
    check_sets(recipe)
    device, folder = pick_device(recipe.device), Path(out)
    claim(folder, recipe, FIRST_STAGES)
    torch.manual_seed(recipe.seed)
    model = initial_model(recipe).eval().to(device)
    write_folder(model, folder / "initial", recipe)
    data, dev = activations(recipe, model, folder)
    train_towers(model, recipe, data, dev, folder)
    write_folder(model, folder / "towers", recipe)

    def towers() -> VLJEPA:
        return VLJEPA(folder / "towers", recipe.device)

    data, dev = (with_towers(part, model, towers(), folder / "features") for part in (data, dev))
    if captions := recipe.stage(CaptionStage):
        CaptionTrainer(recipe, captions, model, data).train(dev, folder)
    if questions := recipe.stage(QuestionStage):
        QuestionTrainer(recipe, questions, model, towers(), data).train(dev, folder)
    finished = export(model, folder / "model", recipe)
    clips, _ = dev_vectors(model, dev)
    write_card(model, finished, recipe, calibrate_on(dev.items, clips, VLJEPA(finished, recipe.device)))
    return finished


def activations(
    recipe: TrainingRecipe, model: VLJEPAModel, folder: Path
) -> tuple[TrainingData, TrainingData]:
    """Return training and dev data; features are activations of the X-encoder's frozen first stages."""
    embedder, adapter = VLJEPA(folder / "initial", recipe.device), adapter_for(model.config)

    def encode(views: Sequence[Pixels]) -> torch.Tensor:
        return adapter.first_stages(embedder, views)

    def load(splits: Sequence[str], views: int) -> TrainingData:
        return load_data(read_sets(recipe, splits), encode, views, model, embedder, folder / FIRST_STAGES)

    return load(TRAIN_SPLITS, recipe.data.views), load(DEV_SPLITS, 1)


def with_towers(data: TrainingData, model: VLJEPAModel, towers: VLJEPA, cache: Path) -> TrainingData:
    """Return the data as encoded by the towers of `model`, of which `towers` is a saved copy.

    Features are visual tokens, texts are states of captions; both are cached in `cache`.
    """
    adapter = adapter_for(model.config)
    first, tokens = 0, []
    for name, array in zip(data.names, data.features, strict=True):
        items = data.items[first : first + len(array)]
        tokens.append(
            further_features(
                array, lambda maps: adapter.last_stages(towers, maps), items, cache / f"{name}.npy"
            )
        )
        first += len(array)
    texts = text_features(data.captions, data.ids, model.y_encoder, cache / f"texts-{items[0].split}.npy")
    return replace(data, features=tokens, texts=texts)
