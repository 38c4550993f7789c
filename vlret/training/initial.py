"""The model that a training starts from: a finished one, or towers with published weights."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from torch import nn

from vlret.errors import UsageError
from vlret.models.registry import load_model
from vlret.models.vljepa.checks import QUERY_TOKENIZER
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.adapters.registry import adapter_for
from vlret.training.published import load_llama, load_text_encoder, load_vjepa2
from vlret.training.recipe import TrainingRecipe

TOKENIZERS = ("tokenizer.json", "tokenizer_config.json", QUERY_TOKENIZER)


def random_model(recipe: TrainingRecipe) -> VLJEPAModel:
    """Return the recipe's model with random weights; on `torch.device("meta")` it takes no memory."""
    return VLJEPAModel(VLJEPAConfig(**recipe.model))


def initial_model(recipe: TrainingRecipe) -> VLJEPAModel:
    """Return the finished model that `recipe.initial` names, or the recipe's model with its published weights.

    The Y-encoder's head starts as the identity, so that text embeddings start as published. Without a Llama the
    predictor starts as a linear path.

    Raises:
        UsageError: no adapter supports the X-encoder, or the finished model is no VL-JEPA.
        ModelError: weights do not exist or do not match the recipe's model.
    """
    start = recipe.initial
    if start.model:
        return VLJEPAModel.from_pretrained(finished_folder(start.model))
    model = random_model(recipe)
    nn.init.eye_(model.y_encoder.head.weight)
    nn.init.zeros_(model.y_encoder.head.bias)
    _load_x_encoder(model, cast(Path, start.x_encoder))
    load_text_encoder(model.y_encoder, cast(Path, start.y_encoder))
    if start.predictor:
        load_llama(model.predictor, start.predictor)
    return model


def tokenizer_files(recipe: TrainingRecipe) -> dict[str, Path]:
    """Return the tokenizers that a training starts with, by their names in a model directory."""
    start = recipe.initial
    if start.model:
        folder = finished_folder(start.model)
        return {name: folder / name for name in TOKENIZERS if (folder / name).is_file()}
    files = {name: cast(Path, start.y_encoder) / name for name in TOKENIZERS[:2]}
    return {**files, QUERY_TOKENIZER: start.query_tokenizer} if start.query_tokenizer else files


def sets_seen(recipe: TrainingRecipe) -> tuple[str, ...]:
    """Return the datasets that the initial model has seen, and those of the recipe."""
    start = recipe.initial
    before = _finished(start.model).card.trained_on if start.model else ()
    return tuple(dict.fromkeys((*before, *recipe.data.trained_on)))


def finished_folder(name: str) -> Path:
    """Return the directory of a finished VL-JEPA, given by name or directory.

    Raises:
        UsageError: there is no such model, or it is no VL-JEPA.
        ModelError: it is damaged or hostile.
    """
    return _finished(name).folder


def _finished(name: str) -> VLJEPA:
    model = load_model(name, device="cpu", engine="torch")
    if not isinstance(model, VLJEPA):
        raise UsageError(
            f"{name!r} is no VL-JEPA: it cannot be trained.",
            "Give vljepa-mini or the directory of a VL-JEPA.",
            code="not_a_vljepa",
            given=name,
        )
    return model


def _load_x_encoder(model: VLJEPAModel, source: Path) -> None:
    if model.config.x_config.model_type == "vjepa2":
        load_vjepa2(model.x_encoder, source)
    else:
        adapter_for(model.config).load_published(model.x_encoder, source)
