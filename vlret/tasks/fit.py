"""The model that belongs to an index, or the refusal of another one."""

from __future__ import annotations

from vlret.errors import ModelError
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.models.registry import load_model


def model_of(index: Index, model: Embedder | str | None = None, device: str = "auto") -> Embedder:
    """The embedder that made `index`: `model` itself, loaded by name, or (None) by the index's own name.

    Raises:
        ModelError: the model cannot be loaded, or is not the one that made the index (its weights,
            name or dimension differ); the message names both.
    """
    if not isinstance(model, Embedder):
        model = _load(index, model or index.card.name, device)
    made, given = index.card, model.card
    if (made.weights_hash, made.dim) != (given.weights_hash, given.dim):
        raise ModelError(
            f"The index {index.folder} was made by {made.name} (weights {made.weights_hash[:12]}, "
            f"{made.dim} dimensions), not by {given.name} (weights {given.weights_hash[:12]}, "
            f"{given.dim} dimensions).",
            f"Give the model it was made by, or index again with --model {given.name}.",
        )
    return model


def _load(index: Index, name: str, device: str) -> Embedder:
    try:
        return load_model(name, device=device)
    except ModelError as error:
        raise ModelError(
            f"The index {index.folder} was made by {index.card.name}; loading {name} failed: {error.message}",
            error.hint,
        ) from error
