"""A training step of the paper's model, at a sixteenth of its width."""

from __future__ import annotations

from dataclasses import replace
from math import log
from pathlib import Path

import pytest

from benchmarks.full_size_step import Measured, narrowed, step
from vlret.training.recipe import TrainingRecipe, read_recipe

PAPER = Path(__file__).parents[2] / "recipes" / "paper" / "recipe.toml"


def measured(part: int) -> Measured:
    return step(replace(read_recipe(PAPER), dtype="float32"), width=16, batch=3, part=part, frames=2)


def test_a_step_in_parts_is_that_of_the_whole_batch() -> None:
    whole, parts = measured(3), measured(1)
    assert parts.loss == pytest.approx(whole.loss, abs=1e-5)
    assert parts.gradient_norm == pytest.approx(whole.gradient_norm, rel=1e-4)
    assert whole.loss == pytest.approx(log(3), abs=1)
    assert whole.gradient_norm > 0


def test_all_but_x_encoder_and_token_table_learns() -> None:
    found = measured(3)
    assert found.learning == found.parameters["predictor"] + found.parameters["Y-encoder"] + 1
    assert found.parameters["token table"] == 128256 // 16 * 2048 // 16
    assert found.peak_bytes > 1e8


def test_full_width_is_the_recipe_s() -> None:
    recipe: TrainingRecipe = read_recipe(PAPER)
    model = narrowed(recipe.model, 1)
    assert {
        **model,
        "predictor_config": {**model["predictor_config"], "pad_token_id": 128004},
    } == recipe.model
