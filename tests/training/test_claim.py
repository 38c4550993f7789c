"""A recipe that has changed is refused by the names of what changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.refusal import refused
from tests.training.joint.tiny import STAGE
from vlret.training.claim import claim
from vlret.training.recipe import InitialWeights, TrainingRecipe, TrainingSets

RECIPE = TrainingRecipe("a", "cpu", "float32", 0, TrainingSets(Path("data"), ()), InitialWeights(), (STAGE,))


def test_what_changed_is_named(tmp_path: Path) -> None:
    claim(tmp_path, RECIPE, "stages")
    (tmp_path / "stages").mkdir()
    changed = replace(RECIPE, seed=1, stages=(replace(STAGE, rate=0.25),))
    with refused("run_of_other_recipe") as refusal:
        claim(tmp_path, changed, "stages")
    assert refusal.value.fields["changes"] == ["seed was 0, is 1", "stages.0.rate was 0.005, is 0.25"]
    assert json.loads((tmp_path / "recipe.json").read_text())["seed"] == 0
    claim(tmp_path, RECIPE, "stages")


@pytest.mark.parametrize("writes", [True, False])
def test_until_something_is_computed_the_recipe_may_change(tmp_path: Path, writes: bool) -> None:
    claim(tmp_path, RECIPE, "stages")
    claim(tmp_path, replace(RECIPE, seed=1), "stages", writes=writes)
    assert json.loads((tmp_path / "recipe.json").read_text())["seed"] == int(writes)
