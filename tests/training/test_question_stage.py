"""Captions leave the predictor's blocks alone; questions leave predictions without a query alone."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cosine_similarity

from tests.training.conftest import CAPTIONS, QUESTIONS, run_epoch, small_model
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training import cached
from vlret.training.caption_stage import CaptionTrainer
from vlret.training.data import TrainingData
from vlret.training.export import write_folder
from vlret.training.question_stage import BLOCKS, QuestionTrainer
from vlret.training.question_table import question_table
from vlret.training.questions import Question
from vlret.training.recipe import TrainingRecipe


def started(recipe: TrainingRecipe, folder: Path) -> tuple[VLJEPAModel, TrainingData]:
    model = small_model().eval().requires_grad_(False)
    for name in ("initial", "towers"):
        write_folder(model, folder / name, recipe)
    data = cached.activations(recipe, model, folder)[0]
    return model, cached.with_towers(data, model, VLJEPA(folder / "towers"), folder / "features")


def changed(before: VLJEPAModel, after: VLJEPAModel) -> set[str]:
    old = before.state_dict()
    return {name for name, value in after.state_dict().items() if not torch.equal(value, old[name])}


def test_captions_do_not_touch_the_blocks(recipe: TrainingRecipe, tmp_path: Path) -> None:
    model, data = started(recipe, tmp_path)
    before = copy.deepcopy(model)
    run_epoch(CaptionTrainer(recipe, CAPTIONS, model, data))
    found = changed(before, model)
    assert "predictor.head.weight" in found
    assert not {name for name in found if name.startswith(BLOCKS)}


def test_questions_touch_the_blocks_alone(recipe: TrainingRecipe, tmp_path: Path) -> None:
    model, data = started(recipe, tmp_path)
    before = copy.deepcopy(model)
    run_epoch(QuestionTrainer(recipe, QUESTIONS, model, VLJEPA(tmp_path / "towers"), data))
    found = changed(before, model)
    assert found
    assert {name for name in found if not name.startswith(BLOCKS)} == set()


def test_predictions_without_a_query_are_held(recipe: TrainingRecipe, tmp_path: Path) -> None:
    def change(keep_weight: float) -> float:
        model, data = started(recipe, tmp_path)
        before = model.predict(data.first_views())
        stage = replace(QUESTIONS, epochs=20, rate=1e-2, keep_weight=keep_weight)
        trainer = QuestionTrainer(recipe, stage, model, VLJEPA(tmp_path / "towers"), data)
        for items in trainer.batches(0):
            trainer.state.step(trainer.loss(items))
        with torch.no_grad():
            return float(1 - cosine_similarity(model.predict(data.first_views()), before).mean())

    assert change(20.0) < change(0.0) / 2


def test_batches_hold_their_share_of_brought_questions(recipe: TrainingRecipe, tmp_path: Path) -> None:
    started(recipe, tmp_path)
    made = [Question(n, "is there a dog ?", "yes") for n in range(50)]
    brought = [Question(n, "is there a cat ?", "no", brought=True) for n in range(3)]
    table = question_table([*made, *brought], VLJEPA(tmp_path / "towers"), torch.device("cpu"))
    drawn = table.draw(10, 0.4, np.random.default_rng(0))
    assert table.brought[drawn].sum() == 4
    assert len(drawn) == 10
    assert (table.question_states[table.question[0]] != table.question_states[table.question[-1]]).any()
