"""The model that belongs to an index, or the refusal of another one."""

from __future__ import annotations

from vlret.errors import ModelError, VlretError
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.models.registry import load_model


def model_of(index: Index, model: Embedder | str | None = None, device: str = "auto") -> Embedder:
    """The embedder that made `index`: `model` itself, loaded by name, or (None) by the index's own name.

    What is loaded here computes in the index's dtype.

    Raises:
        ModelError: the model cannot be loaded; the message names the index's and the missing one.
        IndexFolderError: another model made the index; the message names both.
    """
    if not isinstance(model, Embedder):
        model = _load(index, model or index.recipe.model, device)
    index.require_card(model.card)
    return model


def _load(index: Index, name: str, device: str) -> Embedder:
    try:
        return load_model(name, device=device, dtype=index.recipe.dtype)
    except VlretError as error:
        raise ModelError(
            f"The index {index.folder} was made by {index.card.name}; {name} does not load: {error.message}",
            error.hint,
        ) from error
