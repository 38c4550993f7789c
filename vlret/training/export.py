"""A trained model to the directory that ships: half-precision towers, tokenizer, card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from vlret.files import replace_file
from vlret.models.base import ModelCard
from vlret.models.vljepa.checks import weights_hash
from vlret.models.vljepa.modeling import VLJEPAModel, save_towers
from vlret.training.adapters.base import existing_weights
from vlret.training.calibration import Calibration
from vlret.training.initial import sets_seen, tokenizer_files
from vlret.training.recipe import TrainingRecipe

PROMPTS = ("{}", "a photo of a {}.", "a video of a {}.")


def export(model: VLJEPAModel, folder: Path, recipe: TrainingRecipe) -> Path:
    """Write the finished model in float16 (the int8 table unchanged), not yet calibrated; returns its directory."""
    write_folder(model, folder, recipe)
    state = {
        key: value.half() if value.is_floating_point() else value for key, value in model.state_dict().items()
    }
    save_towers(folder, state)
    write_card(model, folder, recipe)
    return folder


def write_folder(model: VLJEPAModel, folder: Path, recipe: TrainingRecipe) -> None:
    """Write the model in float32, with tokenizers and card."""
    model.save_pretrained(folder)
    for name, file in tokenizer_files(recipe).items():
        replace_file(folder / name, existing_weights(file).read_bytes())
    write_card(model, folder, recipe)


def write_card(
    model: VLJEPAModel, folder: Path, recipe: TrainingRecipe, calibration: Calibration | None = None
) -> None:
    """Write card.json; the revision is the first twelve digits of the weights' hash."""
    learned = round(float(torch.exp(-model.logit_scale.detach())), 5)
    digest = weights_hash(folder)
    card = ModelCard(
        name=recipe.name,
        revision=digest[:12],
        weights_hash=digest,
        dim=model.config.dim,
        frames=model.config.frames,
        resolution=model.config.resolution,
        resize=model.config.resize,
        licence=recipe.licence,
        prompts=PROMPTS,
        temperature=calibration.temperature if calibration else learned,
        text_length=model.config.text_length,
        takes_query=True,
        default_query=recipe.joint[-1].query if recipe.joint else "",
        preprocessing=f"mean {_rounded(model.config.image_mean)}, deviation {_rounded(model.config.image_std)}",
        unknown_threshold=calibration.unknown_threshold if calibration else None,
        trained_on=sets_seen(recipe),
    )
    replace_file(folder / "card.json", (json.dumps(card.to_dict(), indent=1) + "\n").encode())


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, 4) for value in values]
