"""The untrained model of a recipe: towers with published weights, a predictor that starts as a linear path."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from safetensors.torch import load_file
from torch import nn

from vlret.errors import ModelError
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.encoders import Int8Embedding, YEncoder
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.adapters.base import existing_weights
from vlret.training.adapters.registry import adapter_for
from vlret.training.recipe import TrainingRecipe


def random_model(recipe: TrainingRecipe) -> VLJEPAModel:
    """Return the recipe's model with random weights; on `torch.device("meta")` it takes no memory."""
    return VLJEPAModel(VLJEPAConfig(**recipe.model))


def initial_model(recipe: TrainingRecipe) -> VLJEPAModel:
    """Return the recipe's model with the published weights of `recipe.initial`.

    The Y-encoder's head starts as the identity, so that text embeddings start as published.

    Raises:
        UsageError: no adapter supports the X-encoder.
        ModelError: weights do not exist or do not match the recipe's model.
    """
    x_weights, y_weights = cast(tuple[Path, Path], (recipe.initial.x_encoder, recipe.initial.y_encoder))
    model = random_model(recipe)
    nn.init.eye_(model.y_encoder.head.weight)
    nn.init.zeros_(model.y_encoder.head.bias)
    adapter_for(model.config).load_published(model.x_encoder, x_weights)
    _load_bert(model.y_encoder, y_weights / "model.safetensors")
    return model


def _load_bert(y_encoder: YEncoder, file: Path) -> None:
    """Load a BERT as sentence-transformers packages it; its token table goes into int8 rows if the model has such."""
    state = load_file(existing_weights(file))
    table = y_encoder.model.get_input_embeddings()
    if isinstance(table, Int8Embedding):
        table.quantise(state.pop("embeddings.word_embeddings.weight"))
    weights = {
        key: value
        for key, value in state.items()
        if not key.startswith(("pooler.", "embeddings.position_ids"))
    }
    report = y_encoder.model.load_state_dict(weights, strict=False)
    int8 = isinstance(table, Int8Embedding)
    missing = [key for key in report.missing_keys if not (int8 and "word_embeddings" in key)]
    if missing or report.unexpected_keys:
        raise ModelError(
            f"{file} does not match [model.y_config]: missing {missing[:3]}, unexpected {report.unexpected_keys[:3]}.",
            "Name the weights of the model that the recipe describes.",
            code="weights_mismatch",
            path=file,
            missing=missing,
            unexpected=report.unexpected_keys,
        )
