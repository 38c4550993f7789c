"""The stages of vljepa-mini: towers, captions and questions, on features that are computed beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.adapters.registry import adapter_for
from vlret.training.cached_stage import CachedTrainer
from vlret.training.caption_stage import CaptionTrainer
from vlret.training.data import DEV_SPLITS, TRAIN_SPLITS, TrainingData, load_data, read_sets
from vlret.training.export import write_folder
from vlret.training.features import further_features, text_features
from vlret.training.loop import run_stage
from vlret.training.question_stage import QuestionTrainer
from vlret.training.recipe import TrainingRecipe
from vlret.training.recipe_stages import CaptionStage, QuestionStage, TowerStage
from vlret.training.tower_stage import TowerTrainer
from vlret.types import Pixels

FIRST_STAGES = "first_stages"
"""Directory of what is computed first: until it exists nothing of a run is worth keeping."""


def train_cached(recipe: TrainingRecipe, model: VLJEPAModel, folder: Path) -> TrainingData:
    """Train `model` in the recipe's stages on cached features; returns the dev data as its towers encode it.

    `folder` holds the model as published in `initial`; it gets features, checkpoints and the model with trained towers.

    Raises:
        UsageError: no adapter supports the X-encoder.
    """
    data, dev = activations(recipe, model, folder)
    if stage := recipe.stage(TowerStage):
        trainer = TowerTrainer(recipe, stage, model, VLJEPA(folder / "initial", recipe.device), data)
        _run(trainer, dev, folder)
        trainer.adapter.write_back(trainer.last, model.x_encoder)
    write_folder(model, folder / "towers", recipe)

    def towers() -> VLJEPA:
        return VLJEPA(folder / "towers", recipe.device)

    data, dev = (with_towers(part, model, towers(), folder / "features") for part in (data, dev))
    if captions := recipe.stage(CaptionStage):
        _run(CaptionTrainer(recipe, captions, model, data), dev, folder)
    if questions := recipe.stage(QuestionStage):
        _run(QuestionTrainer(recipe, questions, model, towers(), data), dev, folder)
    return dev


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


def _run(trainer: CachedTrainer, dev: TrainingData, folder: Path) -> None:
    run_stage(trainer, partial(trainer.recall, dev), folder, folder)
