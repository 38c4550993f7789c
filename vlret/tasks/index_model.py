"""An index and a model as users give them, opened; a model that does not match the index is refused."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from vlret.errors import ModelError, UsageError, VlretError
from vlret.index.backends.address import is_database, parse_address
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.models.device import check_device
from vlret.models.registry import check_model, load_model
from vlret.models.trust import VARIABLE, is_trusted
from vlret.text import printable
from vlret.types import type_name


def is_index(folder: str | Path) -> bool:
    """Whether `folder` holds an index, or is the address of one in a database."""
    return is_database(folder) or os.path.isfile(os.path.join(folder, "manifest.json"))


def short_name(index: str | Path) -> str:
    """What an index is called: its folder, or its table in a database."""
    return parse_address(str(index)).table if is_database(index) else Path(index).absolute().name


def absolute_place(index: str) -> str:
    """The same folder or address, from whatever directory it is read."""
    if not is_database(index):
        return str(Path(index).absolute())
    address = parse_address(index)
    if "://" in address.location:
        return index
    return f"{address.kind}:{Path(address.location).expanduser().absolute()}#{address.table}"


def index_among(sources: Sequence[str | Path]) -> str | Path | None:
    """The only source, if it is the directory of an index; None: all are media.

    Raises:
        UsageError: an index stands beside another source.
    """
    kept = next((source for source in sources if is_index(source)), None)
    if kept is not None and len(sources) > 1:
        raise UsageError(
            f"{kept} is an index, and was given with other sources.",
            "Give it alone, or only media.",
            code="index_among_sources",
            path=kept,
        )
    return kept


def open_index(index: Index | str | Path) -> Index:
    """`index` itself, or the one in that folder or at that address.

    Raises:
        UsageError, IndexFolderError, DatabaseError: as `Index.open`.
    """
    return index if isinstance(index, Index) else Index.open(index)


def as_embedder(model: Embedder | str | Path) -> Embedder:
    """`model` itself, or the one of that name or in that folder.

    Raises:
        UsageError: it is neither.
        ModelError: its weights are not there or do not fit.
    """
    if isinstance(model, Embedder):
        return model
    return load_model(_named(model))


def model_for_index(
    index: Index, model: Embedder | str | Path | None = None, device: str = "auto", engine: str = "auto"
) -> Embedder:
    """The embedder that made `index`: `model` itself, loaded by name, or (None) by the index's own name.

    What is loaded here computes in the index's dtype. `model` comes from the user; the name in the index may
    be a stranger's, and is loaded only if `vlret.models.trust` lets it.

    Raises:
        UsageError: the device or engine is not known, or this machine does not have it.
        ModelError: the model cannot be loaded or is not trusted; the message names the index's and that one.
        IndexFolderError: another model made the index; the message names both.
    """
    if not isinstance(model, Embedder):
        model = _load(index, None if model is None else _named(model), device, engine)
    index.require_card(model.card)
    return model


def _named(model: object) -> str | Path:
    if not isinstance(model, (str, Path)):
        raise UsageError(
            f"The model was given as {type_name(model)}.",
            "Give an Embedder, or its name.",
            code="wrong_type",
        )
    return model


def _load(index: Index, given: str | Path | None, device: str, engine: str) -> Embedder:
    check_device(device)
    name = index.recipe.model if given is None else given
    try:
        if given is None:
            check_model(name)
            require_trusted(index, name)
        return load_model(name, device=device, dtype=index.recipe.dtype, engine=engine)
    except VlretError as error:
        raise ModelError(
            f"The index {index.place} was built with {printable(index.card.name)}; "
            f"{printable(name)} does not load: {error.message}",
            error.hint,
            code=error.code,
            **error.fields,
        ) from error


def require_trusted(index: Index, name: str | Path) -> None:
    """Raise `ModelError` unless the model that an index names may be loaded unasked."""
    if not is_trusted(str(name)):
        raise ModelError(
            "a model that is named only by the index is not loaded automatically.",
            f"If you trust that model, pass model={printable(name)!r}, or list its directory in {VARIABLE}.",
            code="untrusted_model",
            model=printable(name),
            index=index.place,
            variable=VARIABLE,
        )
