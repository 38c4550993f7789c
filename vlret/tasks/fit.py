"""The model that belongs to an index, or the refusal of another one."""

from __future__ import annotations

from vlret.errors import MissingExtraError, ModelError
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.models.registry import load_model
from vlret.models.trust import VARIABLE, is_trusted
from vlret.text import printable


def model_of(index: Index, model: Embedder | str | None = None, device: str = "auto") -> Embedder:
    """The embedder that made `index`: `model` itself, loaded by name, or (None) by the index's own name.

    What is loaded here computes in the index's dtype. `model` comes from the user; the name that the index
    holds may be a stranger's, and is loaded only if `vlret.models.trust` lets it.

    Raises:
        ModelError: the model cannot be loaded or is not trusted; the message names the index's and that one.
        IndexFolderError: another model made the index; the message names both.
    """
    if model is None:
        _require_trusted(index)
    if not isinstance(model, Embedder):
        model = _load(index, model or index.recipe.model, device)
    index.require_card(model.card)
    return model


def _require_trusted(index: Index) -> None:
    name = index.recipe.model
    if not is_trusted(name):
        raise ModelError(
            f"The index {index.folder} names its own model, {printable(name)}, which is not opened because a "
            "file names it.",
            f"If you trust that model: vlret search {index.folder} QUERY --model {printable(name)} (the other "
            f"commands take --model, too; Python takes model=), or name its directory in {VARIABLE}.",
        )


def _load(index: Index, name: str, device: str) -> Embedder:
    try:
        return load_model(name, device=device, dtype=index.recipe.dtype)
    except (ModelError, MissingExtraError) as error:
        raise ModelError(
            f"The index {index.folder} was made by {printable(index.card.name)}; "
            f"{printable(name)} does not load: {error.message}",
            error.hint,
        ) from error
