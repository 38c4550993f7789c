"""What config.json of a VL-JEPA folder may hold, and whether its weights are those of its card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vlret.errors import ModelError
from vlret.models.base import ModelCard
from vlret.models.fields import numbers, whole, wrong
from vlret.models.folder import read_object
from vlret.models.weights import sha256

TOWERS = ("x_encoder", "predictor", "y_encoder")
_KINDS = {
    "x_config": ("vjepa2", "dinov2", "vit", "timm_wrapper"),
    "predictor_config": ("llama",),
    "y_config": ("bert", "gemma3_text"),
}
"""Towers that are known to work; others of transformers might ask the hub for a part of themselves."""
_AGAIN = "Copy the model folder again."


def read_config(folder: Path) -> dict[str, Any]:
    """The fields of config.json.

    Raises:
        ModelError: it is missing or damaged; the message names the field.
    """
    values = read_object(folder / "config.json")
    try:
        _check_config(values)
    except ValueError as error:
        raise ModelError(f"Damaged {folder / 'config.json'}: {error}.", _AGAIN) from error
    return values


def read_card(folder: Path, config: Mapping[str, Any]) -> ModelCard:
    """The card of the folder, which fits its configuration and its weights.

    Raises:
        ModelError: it is missing or damaged, or does not fit.
    """
    file = folder / "card.json"
    try:
        card = ModelCard.from_dict(read_object(file))
        for name in ("dim", "frames", "resolution", "text_length"):
            if getattr(card, name) != config[name]:
                raise wrong(name, getattr(card, name), f"{config[name]} as in config.json")
    except ValueError as error:
        raise ModelError(f"Damaged {file}: {error}.", _AGAIN) from error
    digest = weights_hash(folder)
    if card.weights_hash != digest:
        raise ModelError(f"The weights in {folder} are not those of its card.json: SHA-256 {digest}.", _AGAIN)
    return card


def weights_hash(folder: Path) -> str:
    """SHA-256 over the tower files in the order x_encoder, predictor, y_encoder.

    Raises:
        ModelError: one is missing.
    """
    return sha256(existing(folder / f"{tower}.safetensors") for tower in TOWERS)


def existing(file: Path) -> Path:
    """`file`, which is there.

    Raises:
        ModelError: it is not.
    """
    if not file.is_file():
        raise ModelError(
            f"{file} is missing.",
            "A VL-JEPA folder holds config.json, card.json, tokenizer.json and its towers.",
        )
    return file


def refuse_mismatch(name: str, missing: Any, unexpected: Any) -> None:
    """Raise `ModelError` if a checkpoint and its model do not have exactly the same weights."""
    if missing or unexpected:
        raise ModelError(
            f"The weights in {name} do not fit its config.json: missing {sorted(missing)[:5]}, "
            f"unexpected {sorted(unexpected)[:5]}.",
            "Use the config.json and the safetensors files of one and the same model.",
        )


def _check_config(values: Mapping[str, Any]) -> None:
    for name, kinds in _KINDS.items():
        tower = values.get(name)
        if not isinstance(tower, dict) or tower.get("model_type") not in kinds:
            raise wrong(name, tower, f"an object of model_type {' or '.join(kinds)}")
    for name in ("dim", "x_width"):
        whole(values, name, 1, 1 << 16)
    whole(values, "grid", 0, 256)
    whole(values, "frames", 1, 1024)
    whole(values, "resolution", 1, 2048)
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
