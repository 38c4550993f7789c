"""What config.json of a VL-JEPA folder may hold, and whether its weights are those of its card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vlret.errors import ModelError
from vlret.models.base import ModelCard
from vlret.models.fields import numbers, whole, wrong
from vlret.models.folder import AGAIN, read_object
from vlret.models.vljepa.registry import tower_file, tower_files, towers_of
from vlret.models.weights import sha256

QUERY_TOKENIZER = "query_tokenizer.json"
"""The tokenizer of a predictor with a token table of its own; all other models read queries by tokenizer.json."""
CALIBRATION = "calibration.safetensors"
"""What may lie beside the weights of the towers: see `vlret.tasks.calibration_file`."""


def read_config(folder: Path) -> dict[str, Any]:
    """Return the fields of config.json.

    Raises:
        ModelError: it is missing or damaged; the message names the field.
    """
    file = folder / "config.json"
    values = {"resize": "squash", **read_object(file)}  # folders of older vlrets do not say it
    try:
        check_config(values)
    except ValueError as error:
        raise ModelError(f"Damaged {file}: {error}.", AGAIN, code="damaged_config", path=file) from error
    _refuse_unknown_weights(folder, values)
    return values


def read_card(folder: Path, config: Mapping[str, Any]) -> ModelCard:
    """Return the card of the folder, which matches its configuration and its weights.

    Raises:
        ModelError: it is missing or damaged, or does not match.
    """
    file = folder / "card.json"
    try:
        card = ModelCard.from_dict(read_object(file))
        for name in ("dim", "frames", "resolution", "resize", "text_length"):
            if getattr(card, name) != config[name]:
                raise wrong(name, getattr(card, name), f"{config[name]} as in config.json")
    except ValueError as error:
        raise ModelError(f"Damaged {file}: {error}.", AGAIN, code="damaged_card", path=file) from error
    digest = weights_hash(folder)
    if card.weights_hash != digest:
        raise ModelError(
            f"The weights in {folder} do not match its card.json: their SHA-256 is {digest}.",
            AGAIN,
            code="weights_mismatch",
            path=folder,
        )
    return card


def weights_hash(folder: Path) -> str:
    """SHA-256 over the weights of all towers, in the order of `registry.TOWERS`.

    Raises:
        ModelError: a file is missing.
    """
    return sha256(map(existing, tower_files(folder)))


def existing(file: Path) -> Path:
    """Return `file` if it exists.

    Raises:
        ModelError: it does not.
    """
    if not file.is_file():
        raise ModelError(
            f"{file} does not exist.",
            "A VL-JEPA directory holds config.json, card.json, tokenizer.json, the weights of each tower and, where "
            "query_embeddings is own, query_tokenizer.json.",
            code="file_missing",
            path=file,
        )
    return file


def refuse_mismatch(name: str, missing: Any, unexpected: Any, what: str = "its config.json") -> None:
    """Refuse a checkpoint that does not have exactly the weights of its model, which `what` describes.

    Raises:
        ModelError: `missing` or `unexpected` names a weight.
    """
    if missing or unexpected:
        raise ModelError(
            f"The weights in {name} do not match {what}: missing {sorted(missing)[:5]}, "
            f"unexpected {sorted(unexpected)[:5]}.",
            "Use the files of one and the same model.",
            code="weights_mismatch",
            path=name,
            missing=sorted(missing),
            unexpected=sorted(unexpected),
        )


def _refuse_unknown_weights(folder: Path, values: Mapping[str, Any]) -> None:
    known = {tower_file(folder, name) for name in towers_of(values)}
    found = {file for file in folder.glob("*.safetensors") if not file.name.startswith(".")}
    if unknown := sorted(found - known - {folder / CALIBRATION}):
        raise ModelError(
            f"{unknown[0]} belongs to no tower that config.json describes.",
            f"A VL-JEPA directory holds the weights {', '.join(sorted(file.name for file in known))}.",
            code="unknown_weights",
            path=unknown[0],
        )


def check_config(values: Mapping[str, Any]) -> None:
    """Refuse the fields of a config.json that no VL-JEPA has.

    Raises:
        ValueError: a field is missing or wrong; the message names it.
    """
    for tower in towers_of(values).values():
        settings = values.get(tower.config)
        if not isinstance(settings, dict) or settings.get("model_type") not in tower.kinds:
            raise wrong(tower.config, settings, f"an object of model_type {' or '.join(tower.kinds)}")
    for name in ("dim", "x_width"):
        whole(values, name, 1, 1 << 16)
    whole(values, "grid", 0, 256)
    whole(values, "frames", 1, 1024)
    whole(values, "resolution", 1, 2048)
    if values.get("resize", "squash") not in ("squash", "crop"):
        raise wrong("resize", values["resize"], "squash or crop")
    numbers(values, "image_mean", 3)
    if not all(deviation > 0 for deviation in numbers(values, "image_std", 3)):
        raise wrong("image_std", values["image_std"], "greater than 0")
    longest = whole(values["y_config"], "max_position_embeddings", 1, 1 << 24)
    whole(values, "text_length", 2, longest)
    whole(values, "query_length", 2, 1 << 16)
    if values.get("query_embeddings") not in ("own", "y_encoder"):
        raise wrong("query_embeddings", values.get("query_embeddings"), "own or y_encoder")
    if not isinstance(values.get("int8_embeddings"), bool):
        raise wrong("int8_embeddings", values.get("int8_embeddings"), "true or false")
