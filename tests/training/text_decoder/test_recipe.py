from __future__ import annotations

from pathlib import Path

import pytest

from tests.refusal import refused
from vlret.training.text_decoder.recipe import is_decoder_recipe, read_decoder_recipe

RECIPES = sorted((Path(__file__).parents[3] / "recipes" / "decoder").glob("*.toml"))


def test_there_are_recipes():
    assert [file.stem for file in RECIPES] == ["recipe", "smollm2"]


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.stem)
def test_the_recipes_of_the_project_are_read(file):
    recipe = read_decoder_recipe(file)
    assert is_decoder_recipe(file)
    assert recipe.embedder == "vljepa-mini"


def test_the_recipe_of_a_model_is_another_one():
    assert not is_decoder_recipe(RECIPES[0].parents[1] / "mini" / "recipe.toml")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("epochs = ", "epoch = ", "recipe_fields"),
        ('model_type = "llama"', 'model_type = "bert"', "recipe_value"),
        ('model_type = "llama"', 'model_type = "llama"\nweights = "x"', "recipe_fields"),
        ("vocabulary = ", "vocabulary = 0 #", "recipe_value"),
        ("prefix_length = ", "prefix_length = 0 #", "recipe_value"),
        ("prefix_length = ", "prefix_length = 65 #", "recipe_value"),
        ("beams = ", "beams = 33 #", "recipe_value"),
        ("longest = ", "longest = 257 #", "recipe_value"),
        ("noise = ", 'noise = "much" #', "recipe_value"),
        ("[data]", "[data", "not_toml"),
    ],
)
def test_a_mistake_is_named(tmp_path, old, new, code):
    text = RECIPES[0].read_text()
    assert old in text
    file = tmp_path / "recipe.toml"
    file.write_text(text.replace(old, new))
    with refused(code):
        read_decoder_recipe(file)
