"""A whole training on eight tiny photographs: it learns, it goes on where it was stopped, it exports."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.conftest import small_model
from vlret.errors import UsageError
from vlret.models.vljepa.checks import weights_hash
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training import run
from vlret.training.caption_stage import CaptionTrainer
from vlret.training.question_stage import QuestionTrainer
from vlret.training.recipe import Recipe, read_recipe
from vlret.training.stage import Trainer
from vlret.training.x_encoder_stages import first_stages
from vlret.types import Pixels

Rows = list[dict[str, Any]]


def trained_weights(folder: Path) -> dict[str, torch.Tensor]:
    state = VLJEPAModel.from_pretrained(folder).state_dict()
    return {key: value for key, value in state.items() if key.startswith("predictor")}


@pytest.mark.parametrize("trainer", [CaptionTrainer, QuestionTrainer])
def test_the_loss_falls(recipe: Recipe, tmp_path: Path, trainer: type[Trainer]) -> None:
    stages = {
        "captions": replace(recipe.captions, epochs=40),
        "questions": replace(recipe.questions, epochs=40),
    }
    losses: list[float] = []
    run_epoch = trainer.run_epoch
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "run_epoch", lambda self, e: losses.append(run_epoch(self, e)) or losses[-1])
        run.train(replace(recipe, **stages), tmp_path / "run")
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:5])


def test_the_towers_stay(recipe: Recipe, tmp_path: Path) -> None:
    before, folder = small_model().state_dict(), run.train(recipe, tmp_path / "run")
    after = VLJEPAModel.from_pretrained(folder).state_dict()
    towers = [key for key in before if key.startswith(("x_encoder.", "y_encoder."))]
    assert "y_encoder.head.weight" in towers
    assert all(torch.allclose(after[key].float(), before[key].float(), atol=2e-3) for key in towers)


def test_the_export_opens_as_an_embedder(recipe: Recipe, tmp_path: Path) -> None:
    folder = run.train(recipe, tmp_path / "run")
    model = VLJEPA(folder)
    assert model.card.weights_hash == weights_hash(folder)
    assert model.embed_texts(["a dog"]).shape == (1, 20)
    assert model.embed_clips([np.zeros((4, 28, 28, 3), np.uint8)], "is there a dog ?").shape == (1, 20)


@pytest.mark.parametrize("trainer", [CaptionTrainer, QuestionTrainer])
def test_a_stopped_run_ends_like_one_that_was_not(
    recipe: Recipe, tmp_path: Path, trainer: type[Trainer]
) -> None:
    whole = run.train(recipe, tmp_path / "whole")
    calls = 0
    run_epoch = trainer.run_epoch

    def stop_at_the_third(self: Trainer, epoch: int) -> float:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return run_epoch(self, epoch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "run_epoch", stop_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            run.train(recipe, tmp_path / "parts")
    parts = run.train(recipe, tmp_path / "parts")
    one, other = trained_weights(whole), trained_weights(parts)
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_features_are_computed_once(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def spy(embedder: VLJEPA, views: Sequence[Pixels]) -> torch.Tensor:
        seen.append(len(views))
        return first_stages(embedder, views)

    monkeypatch.setattr(run, "first_stages", spy)
    run.train(recipe, tmp_path / "run")
    assert sum(seen) == 1 + 9 * recipe.views + 1 + 3  # one blank frame for each split, to learn the shape
    run.train(recipe, tmp_path / "run")
    assert sum(seen[-2:]) == 2


def test_a_folder_of_another_recipe_is_refused_and_stays(recipe: Recipe, tmp_path: Path) -> None:
    model = run.train(recipe, tmp_path / "run")
    digest = weights_hash(model)
    with pytest.raises(UsageError, match="another recipe"):
        run.train(replace(recipe, seed=1), tmp_path / "run")
    assert weights_hash(run.train(recipe, tmp_path / "run")) == digest


def test_the_recipe_in_the_repository_is_whole() -> None:
    assert read_recipe("recipes/mini/recipe.toml").name == "vljepa-mini"


def test_a_run_that_made_nothing_does_not_keep_its_folder(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run.train(replace(recipe, data=tmp_path / "none"), tmp_path / "run")
    assert run.train(recipe, tmp_path / "run").is_dir()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [row | {"split": "train"} for row in rows], r"\(train: 12\) 0 are for dev"),
        (
            lambda rows: [row | {"split": "val" if row["split"] == "dev" else "train"} for row in rows],
            "val: 3",
        ),
        (
            lambda rows: [row | {"captions": []} if row["split"] == "dev" else row for row in rows],
            "0 are for dev",
        ),
        (lambda rows: [*rows[:3], *rows[9:]], "3 are for train, fewer than the greatest batch, 4"),
        (lambda rows: [row | {"captions": ["something"]} for row in rows], "No question can be made"),
        (lambda rows: [row | {"shard": "t.tar"} for row in rows], r"t\.tar is missing"),
    ],
)
def test_sets_that_cannot_be_trained_on_are_refused_at_once(
    recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Rows], Rows],
    message: str,
) -> None:
    monkeypatch.setattr(run, "initial_model", None)  # not called
    file = recipe.data / recipe.sets[0] / "captions.jsonl"
    rows = change([json.loads(line) for line in file.read_text().splitlines()])
    file.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(UsageError, match=message):
        run.train(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_without_questions_captions_may_name_anything(recipe: Recipe, tmp_path: Path) -> None:
    file = recipe.data / recipe.sets[0] / "captions.jsonl"
    file.write_text(file.read_text().replace("dog", "gizmo").replace("cat", "gadget"))
    recipe = replace(recipe, questions=replace(recipe.questions, epochs=0))
    assert VLJEPA(run.train(recipe, tmp_path / "run")).embed_texts(["a red gizmo"]).shape == (1, 20)


def test_a_damaged_photograph_is_named(recipe: Recipe, tmp_path: Path) -> None:
    shard = recipe.data / recipe.sets[0] / "s.tar"
    data = bytearray(shard.read_bytes())
    data[512:600] = bytes(88)  # the beginning of the first picture
    shard.write_bytes(data)
    with pytest.raises(UsageError, match=r"0\.png of .*s\.tar cannot be decoded"):
        run.train(recipe, tmp_path / "run")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed = 0", 'seed = "a"', "seed of .* was given as 'a'. Give a whole number"),
        ("seed = 0", "seed = true", "seed of .* was given as True"),
        ("views = 6", "views = 0", "views of .* was given as 0. Give 1 or more"),
        ("epochs = 14", "epochs = -1", r"epochs of \[towers\] of .* was given as -1"),
        ("rate = 2e-4", "rate = nan", "rate of .* was given as nan. Give a number"),
        ('name = "vljepa-mini"', "name = 3", "name of .* was given as 3. Give a text"),
        ('"photos/flickr8k", ', "1, ", "Give a list of texts"),
        ("dropout = 0.3", "dropout = 1.0", "dropout of .*towers.* was given as 1.0. Give a share below 1"),
        ("heads = 8", "heads = 7", "hidden of .* was given as 512, with 7 heads"),
        ('"photos/web_pairs"', '"photos/flickr8k"', "each once"),
        ("[towers]", "[tower]", "lacks towers and has unknown tower"),
        ("changed_weight", "changed", "lacks changed_weight and has unknown changed"),
    ],
)
def test_a_wrong_value_of_a_recipe_is_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(Path("recipes/mini/recipe.toml").read_text().replace(old, new, 1))
    with pytest.raises(UsageError, match=message):
        read_recipe(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [("name = ", "not TOML"), ('name = "x"', "lacks captions, data"), (None, "no recipe")],
)
def test_a_bad_recipe_is_told(tmp_path: Path, text: str | None, message: str) -> None:
    file = tmp_path / "recipe.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_recipe(file)
