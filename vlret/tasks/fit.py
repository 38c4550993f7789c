"""The model that belongs to an index, or the refusal of another one."""

from __future__ import annotations

from vlret.errors import ModelError, VlretError
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.models.device import check_device
from vlret.models.registry import check_model, load_model
from vlret.models.trust import VARIABLE, is_trusted
from vlret.text import printable


def model_of(index: Index, model: Embedder | str | None = None, device: str = "auto") -> Embedder:
    """The embedder that made `index`: `model` itself, loaded by name, or (None) by the index's own name.

    What is loaded here computes in the index's dtype. `model` comes from the user; the name in the index may
    be a stranger's, and is loaded only if `vlret.models.trust` lets it.

    Raises:
        UsageError: the device is not known, or this machine does not have it.
        ModelError: the model cannot be loaded or is not trusted; the message names the index's and that one.
        IndexFolderError: another model made the index; the message names both.
    """
    if not isinstance(model, Embedder):
        model = _load(index, model, device)
    index.require_card(model.card)
    return model


def _load(index: Index, given: str | None, device: str) -> Embedder:
    check_device(device)
    name = given or index.recipe.model
    try:
        if given is None:
            check_model(name)
            _require_trusted(index, name)
        return load_model(name, device=device, dtype=index.recipe.dtype)
    except VlretError as error:
        raise ModelError(
            f"The index {index.folder} was made by {printable(index.card.name)}; "
            f"{printable(name)} does not load: {error.message}",
            error.hint,
        ) from error


def _require_trusted(index: Index, name: str) -> None:
    if not is_trusted(name):
        raise ModelError(
            "a model that only the index names is not opened unasked.",
            f"If you trust that model: vlret search {index.folder} QUERY --model {printable(name)} (the other "
            f"commands take --model, too, and Python model=), or name its directory in {VARIABLE}.",
        )
