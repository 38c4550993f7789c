"""A tiny dataset of photographs and a recipe that trains on it in seconds."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from transformers import TimmWrapperConfig

from tests.models.vljepa.tiny import tiny_folder, tiny_model
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training import run
from vlret.training.cached_stage import CachedTrainer
from vlret.training.recipe import InitialWeights, TrainingRecipe, TrainingSets
from vlret.training.recipe_stages import CaptionStage, QuestionStage, Stage, TowerStage

COLOURS = {"red": (250, 0, 0), "green": (0, 250, 0), "blue": (0, 0, 250)}


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainingRecipe:
    monkeypatch.setattr(run, "initial_model", lambda recipe: small_model())
    return tiny_recipe(tmp_path)


def run_epoch(trainer: CachedTrainer) -> float:
    """One pass over the captioned items; the mean loss."""
    batches = islice(trainer.batches(0), trainer.evaluate_every)
    return float(np.mean([trainer.state.step(trainer.loss(items)) for items in batches]))


def tiny_recipe(folder: Path) -> TrainingRecipe:
    """Without a tower stage; its data and weights are written below `folder`."""
    write_set(folder / "data" / "photos" / "colours")
    tiny_folder(folder / "weights", tiny_model())
    (folder / "weights" / "tokenizer_config.json").write_text("{}")
    return TrainingRecipe(
        name="tiny", device="auto", dtype="bfloat16", seed=0, model=small_model().config.to_dict(),
        data=TrainingSets(folder / "data", ("colours",), ("photos/colours",), views=4),
        initial=InitialWeights(folder / "none.pth", folder / "weights"),
        stages=(CAPTIONS, QUESTIONS),
    )  # fmt: skip


def with_stage(recipe: TrainingRecipe, kind: type[Stage], **changes: object) -> TrainingRecipe:
    """The recipe with other numbers of one of its stages."""
    stages = [replace(stage, **changes) if isinstance(stage, kind) else stage for stage in recipe.stages]
    return replace(recipe, stages=tuple(stages))


CAPTIONS = CaptionStage("captions", epochs=6, batch=4, rate=2e-3, weight_decay=0.0, dropout=0.0)
QUESTIONS = QuestionStage("questions", epochs=6, batch=4, rate=2e-3, weight_decay=0.0, dropout=0.0,
                          text_dropout=0.0, brought_share=0.5, keep_weight=5.0)  # fmt: skip
TOWERS = TowerStage("towers", epochs=1, batch=4, rate=1e-3, text_rate=1e-3, head_rate=1e-3, dropout=0.0,
                    label_smoothing=0.1, changed_weight=1.0)  # fmt: skip


def small_model() -> VLJEPAModel:
    """A convolutional X-encoder of timm, as published models have it, under a tiny predictor and Y-encoder."""
    x_config = TimmWrapperConfig(architecture="tf_efficientnet_lite0", do_pooling=False).to_dict()
    changes = {"query_embeddings": "y_encoder", "int8_embeddings": True, "grid": 1, "resolution": 28}
    return tiny_model(x_config=x_config, x_width=1280, **changes)


def write_set(folder: Path) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    records = []
    with tarfile.open(folder / "s.tar", "w") as tar:
        for n in range(12):
            colour = list(COLOURS)[n % 3]
            pixels = np.clip(np.array(COLOURS[colour]) + rng.integers(-40, 40, (28, 28, 3)), 0, 255).astype(
                np.uint8
            )
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "png")
            info = tarfile.TarInfo(f"{n}.png")
            info.size = len(buffer.getvalue())
            tar.addfile(info, io.BytesIO(buffer.getvalue()))
            thing = ("dog", "cat")[n % 2]
            captions = [f"a {colour} {thing}", f"{colour} {thing} runs", f"a {thing} runs {colour}"]
            split = "dev" if n >= 9 else "train"
            records.append({"image": f"{n}.png", "captions": captions, "split": split, "shard": "s.tar"})
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, records)))
