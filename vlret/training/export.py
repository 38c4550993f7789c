"""A trained model to the folder that ships: half-precision towers, tokenizer, card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from vlret.files import replace_file
from vlret.models.base import ModelCard
from vlret.models.vljepa.checks import weights_hash
from vlret.models.vljepa.modeling import VLJEPAModel, save_towers
from vlret.training.calibration import Calibration
from vlret.training.initial import MINILM
from vlret.training.recipe import Recipe

PROMPTS = ("{}", "a photo of a {}.", "a video of a {}.")


def export(model: VLJEPAModel, folder: Path, recipe: Recipe) -> Path:
    """Write the finished model in float16 (the int8 table as it is), not yet calibrated; returns its folder."""
    write_folder(model, folder, recipe)
    state = {
        key: value.half() if value.is_floating_point() else value for key, value in model.state_dict().items()
    }
    save_towers(folder, state)
    write_card(model, folder, recipe)
    return folder


def write_folder(model: VLJEPAModel, folder: Path, recipe: Recipe) -> None:
    """Write the model as it is, in float32, with tokenizer and card."""
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        replace_file(folder / name, (recipe.weights / MINILM / name).read_bytes())
    write_card(model, folder, recipe)


def write_card(
    model: VLJEPAModel, folder: Path, recipe: Recipe, calibration: Calibration | None = None
) -> None:
    """Write card.json; the revision is the first twelve digits of the weights' hash."""
    learned = round(float(torch.exp(-model.logit_scale.detach())), 5)
    digest = weights_hash(folder)
    card = ModelCard(
        name=recipe.name,
        revision=digest[:12],
        weights_hash=digest,
        dim=recipe.model.dim,
        frames=recipe.model.frames,
        resolution=recipe.model.resolution,
        resize="squash",
        licence="Apache-2.0",
        prompts=PROMPTS,
        temperature=calibration.temperature if calibration else learned,
        text_length=model.config.text_length,
        takes_query=True,
        default_query="",
        preprocessing=f"mean {_rounded(model.config.image_mean)}, deviation {_rounded(model.config.image_std)}",
        unknown_threshold=calibration.unknown_threshold if calibration else None,
        trained_on=recipe.trained_on,
    )
    replace_file(folder / "card.json", (json.dumps(card.to_dict(), indent=1) + "\n").encode())


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, 4) for value in values]
