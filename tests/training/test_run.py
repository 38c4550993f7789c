"""A whole training on nine tiny photographs: it learns, resumes and exports."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.models.vljepa.tiny import tiny_model
from tests.refusal import refused
from tests.training.conftest import CAPTIONS, TOWERS, small_model, with_stage
from vlret.errors import UsageError
from vlret.index.lock import writer_lock
from vlret.models.vljepa.checks import weights_hash
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training import run
from vlret.training.adapters.efficientnet import EfficientNetAdapter
from vlret.training.cached_stage import CachedTrainer
from vlret.training.caption_stage import CaptionTrainer
from vlret.training.log import read_metrics
from vlret.training.question_stage import QuestionTrainer
from vlret.training.recipe import TrainingRecipe
from vlret.training.recipe_stages import CaptionStage, JointStage, QuestionStage
from vlret.types import Pixels

Rows = list[dict[str, Any]]


def trained_weights(folder: Path) -> dict[str, torch.Tensor]:
    state = VLJEPAModel.from_pretrained(folder).state_dict()
    return {key: value for key, value in state.items() if key.startswith("predictor")}


@pytest.mark.parametrize("stage", ["captions", "questions"])
def test_the_loss_falls(recipe: TrainingRecipe, tmp_path: Path, stage: str) -> None:
    recipe = with_stage(with_stage(recipe, CaptionStage, epochs=40), QuestionStage, epochs=40)
    run.train(recipe, tmp_path / "run")
    losses = [one.loss for one in read_metrics(tmp_path / "run") if one.stage == stage]
    assert len(losses) == 80
    assert np.mean(losses[-20:]) < 0.8 * np.mean(losses[:10])


def test_the_towers_stay(recipe: TrainingRecipe, tmp_path: Path) -> None:
    before, folder = small_model().state_dict(), run.train(recipe, tmp_path / "run")
    after = VLJEPAModel.from_pretrained(folder).state_dict()
    towers = [key for key in before if key.startswith(("x_encoder.", "y_encoder."))]
    assert "y_encoder.head.weight" in towers
    assert all(torch.allclose(after[key].float(), before[key].float(), atol=2e-3) for key in towers)


def test_the_export_opens_as_an_embedder(recipe: TrainingRecipe, tmp_path: Path) -> None:
    folder = run.train(recipe, tmp_path / "run")
    model = VLJEPA(folder)
    assert model.card.weights_hash == weights_hash(folder)
    assert model.embed_texts(["a dog"]).shape == (1, 20)
    assert model.embed_clips([np.zeros((4, 28, 28, 3), np.uint8)], "is there a dog ?").shape == (1, 20)


@pytest.mark.parametrize("trainer", [CaptionTrainer, QuestionTrainer])
def test_a_stopped_run_ends_like_one_that_was_not(
    recipe: TrainingRecipe, tmp_path: Path, trainer: type[CachedTrainer]
) -> None:
    whole = run.train(recipe, tmp_path / "whole")
    calls = 0
    backward = trainer.backward

    def stop_in_the_third_epoch(self: CachedTrainer, items: np.ndarray) -> float:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt
        return backward(self, items)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "backward", stop_in_the_third_epoch)
        with pytest.raises(KeyboardInterrupt):
            run.train(recipe, tmp_path / "parts")
    parts = run.train(recipe, tmp_path / "parts")
    one, other = trained_weights(whole), trained_weights(parts)
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_features_are_computed_once(
    recipe: TrainingRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    first_stages = EfficientNetAdapter.first_stages

    def spy(self: EfficientNetAdapter, embedder: VLJEPA, views: Sequence[Pixels]) -> torch.Tensor:
        seen.append(len(views))
        return first_stages(self, embedder, views)

    monkeypatch.setattr(EfficientNetAdapter, "first_stages", spy)
    run.train(recipe, tmp_path / "run")
    assert (
        sum(seen) == 1 + 9 * recipe.data.views + 1 + 3
    )  # one blank frame for each split, to learn the shape
    run.train(recipe, tmp_path / "run")
    assert sum(seen[-2:]) == 2


def test_a_folder_of_another_recipe_is_refused_and_stays(recipe: TrainingRecipe, tmp_path: Path) -> None:
    model = run.train(recipe, tmp_path / "run")
    digest = weights_hash(model)
    with refused("run_of_other_recipe"):
        run.train(replace(recipe, seed=1), tmp_path / "run")
    assert weights_hash(run.train(recipe, tmp_path / "run")) == digest


def test_two_runs_do_not_write_into_one_directory(recipe: TrainingRecipe, tmp_path: Path) -> None:
    with writer_lock(tmp_path / "run"), refused("index_locked"):
        run.train(recipe, tmp_path / "run")
    assert run.train(recipe, tmp_path / "run").is_dir()


def test_a_run_that_made_nothing_does_not_keep_its_directory(recipe: TrainingRecipe, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run.train(replace(recipe, data=replace(recipe.data, folder=tmp_path / "none")), tmp_path / "run")
    assert run.train(recipe, tmp_path / "run").is_dir()


@pytest.mark.parametrize(
    ("change", "code", "splits"),
    [
        (lambda rows: [row | {"split": "train"} for row in rows], "no_dev_split", {"train": 12}),
        (
            lambda rows: [row | {"split": "val" if row["split"] == "dev" else "train"} for row in rows],
            "no_dev_split",
            {"train": 9, "val": 3},
        ),
        (
            lambda rows: [row | {"captions": []} if row["split"] == "dev" else row for row in rows],
            "no_dev_split",
            {"train": 9},
        ),
        (lambda rows: [*rows[:3], *rows[9:]], "too_few_items", {"train": 3, "dev": 3}),
        (lambda rows: [row | {"captions": ["something"]} for row in rows], "no_questions", None),
        (lambda rows: [row | {"shard": "t.tar"} for row in rows], "file_missing", None),
    ],
)
def test_sets_that_cannot_be_trained_on_are_refused_at_once(
    recipe: TrainingRecipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Rows], Rows],
    code: str,
    splits: dict[str, int] | None,
) -> None:
    monkeypatch.setattr(run, "initial_model", None)  # not called
    file = recipe.data.folder / recipe.data.sets[0] / "captions.jsonl"
    rows = change([json.loads(line) for line in file.read_text().splitlines()])
    file.write_text("\n".join(map(json.dumps, rows)))
    with refused(code) as refusal:
        run.train(recipe, tmp_path / "run")
    assert refusal.value.fields.get("splits") == splits
    assert not (tmp_path / "run").exists()


def test_without_questions_captions_may_name_anything(recipe: TrainingRecipe, tmp_path: Path) -> None:
    file = recipe.data.folder / recipe.data.sets[0] / "captions.jsonl"
    file.write_text(file.read_text().replace("dog", "gizmo").replace("cat", "gadget"))
    recipe = replace(recipe, stages=(CAPTIONS,))
    assert VLJEPA(run.train(recipe, tmp_path / "run")).embed_texts(["a red gizmo"]).shape == (1, 20)


def test_a_damaged_photograph_is_named(recipe: TrainingRecipe, tmp_path: Path) -> None:
    shard = recipe.data.folder / recipe.data.sets[0] / "s.tar"
    data = bytearray(shard.read_bytes())
    data[512:600] = bytes(88)  # the beginning of the first picture
    shard.write_bytes(data)
    with refused("undecodable_media") as refusal:
        run.train(recipe, tmp_path / "run")
    assert (refusal.value.fields["item"], refusal.value.fields["path"]) == ("0.png", shard)


def test_an_x_encoder_without_an_adapter_is_refused(recipe: TrainingRecipe, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, refused("no_adapter"):
        patch.setattr(run, "initial_model", lambda recipe: tiny_model())
        run.train(recipe, tmp_path / "run")


def test_a_joint_stage_goes_on_where_the_cached_ones_ended(recipe: TrainingRecipe, tmp_path: Path) -> None:
    joint = JointStage(
        "more", ("photos/colours",), frames=1, batch=4, steps=2, rate=1e-3, part=4, evaluate_every=2
    )
    model = run.train(replace(recipe, stages=(CAPTIONS, joint)), tmp_path / "run")
    rows = read_metrics(tmp_path / "run")
    assert [(one.stage, one.step) for one in rows[-4:]] == [
        ("captions", 12),
        ("more", 0),
        ("more", 1),
        ("more", 2),
    ]
    before = trained_weights(tmp_path / "run" / "cached")
    assert any(not torch.equal(before[key], value) for key, value in trained_weights(model).items())


def test_the_dtype_of_the_recipe_is_that_of_the_towers_that_learn(
    recipe: TrainingRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    pooled = EfficientNetAdapter.pooled

    def spy(self: EfficientNetAdapter, stages: torch.nn.Module, maps: torch.Tensor) -> torch.Tensor:
        stages[-1].register_forward_hook(lambda module, inputs, output: seen.add(output.dtype))
        return pooled(self, stages, maps)

    monkeypatch.setattr(EfficientNetAdapter, "pooled", spy)
    for dtype in ("float32", "bfloat16"):
        one = replace(recipe, dtype=dtype, stages=(TOWERS,))
        run.train(one, tmp_path / dtype)
        assert seen == {getattr(torch, dtype)}
        seen.clear()
