"""Photographs of one colour with captions in a table, and a recipe that trains a tiny model on them in a second."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.models.vljepa.tiny import Y, tiny_folder, tiny_model
from vlret.media.frame_size import Size
from vlret.media.frames import clip_frames
from vlret.media.open_media import open_media
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training import run
from vlret.training.pairs import loader
from vlret.training.pairs.clip_media import ClipMedia
from vlret.training.recipe import InitialWeights, TrainingRecipe, TrainingSets
from vlret.training.recipe_stages import JointStage
from vlret.types import Clip, Pixels

COLOURS = {"red": (250, 0, 0), "green": (0, 250, 0), "blue": (0, 0, 250)}
STAGE = JointStage("images", ("pairs.csv",), frames=1, batch=8, steps=6, rate=5e-3, part=8, y_rate=0.5,
                   weight_decay=0.0, evaluate_every=3, save_every=2)  # fmt: skip


def joint_model(dropout: float = 0.0) -> VLJEPAModel:
    """Dropout in the Y-encoder would differ between processes."""
    dropouts = {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    return tiny_model(query_embeddings="y_encoder", y_config={**Y["bert"].to_dict(), **dropouts})


def joint_recipe(
    folder: Path, dtype: str = "float32", dropout: float = 0.0, **changes: Any
) -> TrainingRecipe:
    """A recipe of one joint stage with some other numbers; its data and weights are written below `folder`."""
    if not (folder / "data").is_dir():
        write_pairs(folder / "data")
        tiny_folder(folder / "weights", joint_model())
        (folder / "weights" / "tokenizer_config.json").write_text("{}")
    return TrainingRecipe(
        name="tiny", device="cpu", dtype=dtype, seed=0, model=joint_model(dropout).config.to_dict(),
        data=TrainingSets(folder / "data", ("colours",)),
        initial=InitialWeights(folder / "none.pth", folder / "weights"), stages=(replace(STAGE, **changes),),
    )  # fmt: skip


def write_pairs(folder: Path, n: int = 48) -> None:
    """Photographs of a colour in two brightnesses, every sixth for dev, with one caption each."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    with (folder / "pairs.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["path", "caption", "split"])
        for number in range(n):
            colour, thing = list(COLOURS)[number % 3], ("dog", "cat")[number // 3 % 2]
            noisy = np.array(COLOURS[colour]) + rng.integers(-40, 40, (28, 28, 3))
            noisy[:14] = noisy[:14] // (1 + number // 3 % 2)
            Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(folder / f"{number}.png")
            caption = f"a {colour} {thing} runs" if number % 4 else f"a {colour} {thing}"
            table.writerow([f"{number}.png", caption, "dev" if number % 5 == 4 else "train"])


class DecoderHere:
    """Decodes in the thread that asks: processes of `ClipDecoder` would take longer to start than a tiny training."""

    def __init__(self, n_frames: int, size: Size | None) -> None:
        self._n_frames, self._size = n_frames, size

    def read(self, media: ClipMedia) -> Pixels:
        with open_media(media.location) as file:
            clips = [Clip(Path(media.location))]
            ((_, frames),) = clip_frames(file, clips, self._n_frames, "midpoint", self._size)
            return frames.pixels

    def close(self) -> None:
        """Nothing is open."""


def decode_here() -> None:
    """Let every loader of this process use `DecoderHere`."""
    loader.ClipDecoder = DecoderHere  # type: ignore[assignment, misc]


def use_tiny_model() -> None:
    """Let `vlret.training.run` start from `joint_model` in this process."""
    run.initial_model = lambda recipe: joint_model(recipe.model["y_config"]["hidden_dropout_prob"])  # type: ignore[assignment]


def digest(folder: Path) -> str:
    """Of the weights of a model."""
    files = sorted(folder.glob("*.safetensors"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
