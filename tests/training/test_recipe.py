"""Recipes: each wrong value is refused by name, and those of the repository build with the right sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from tests.refusal import refused
from vlret.models.registry import ASSETS
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.models.vljepa.registry import TOWERS, tower_files
from vlret.training.initial import random_model
from vlret.training.recipe import read_recipe

RECIPES = Path(__file__).parents[2] / "recipes"


def built(name: str) -> VLJEPAModel:
    with torch.device("meta"):
        return random_model(read_recipe(RECIPES / name / "recipe.toml"))


def millions(model: VLJEPAModel, tower: str, learning: bool = False) -> float:
    parameters = getattr(model, tower).parameters()
    return sum(p.numel() for p in parameters if p.requires_grad or not learning) / 1e6


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("seed = 0", 'seed = "a"', "recipe_value", "seed of .* is 'a'. Give a whole number"),
        ("seed = 0", "seed = true", "recipe_value", "seed of .* is True"),
        ("views = 6", "views = 0", "recipe_value", r"views of \[data\] of .* is 0. Give 1 or more"),
        ("epochs = 14", "epochs = -1", "recipe_value", r"epochs of \[towers\] of .* is -1"),
        ("epochs = 14", "epochs = 0", "recipe_value", "epochs of .* is 0. Give 1 or more"),
        ("rate = 2e-4", "rate = nan", "recipe_value", "rate of .* is nan. Give a number"),
        ('name = "vljepa-mini"', "name = 3", "recipe_value", "name of .* is 3. Give a text"),
        ('"photos/flickr8k", ', "1, ", "recipe_value", "Give a list of texts"),
        (
            "dropout = 0.3",
            "dropout = 1.0",
            "recipe_value",
            "dropout of .*towers.* is 1.0. Give a share below 1",
        ),
        (
            "num_attention_heads = 8",
            'num_attention_heads = "8"',
            "recipe_value",
            "Give a whole number from 1",
        ),
        ("num_attention_heads = 8", "num_attention_heads = 7", "recipe_value", "hidden_size of .* is 512"),
        ('"photos/web_pairs"', '"photos/flickr8k"', "recipe_value", "each once"),
        ('"timm_wrapper"', '"resnet"', "recipe_value", "x_config"),
        ("resolution = 260", "resolution = 0", "recipe_value", "resolution"),
        ('device = "auto"', 'device = "gpu"', "unknown_device", "gpu"),
        ('dtype = "bfloat16"', 'dtype = "float16"', "unknown_dtype", "float16"),
        ("[towers]", "[tower]", "recipe_fields", "has unknown tower"),
        ("[data]", "[sets]", "recipe_fields", "lacks data and has unknown sets"),
        ("changed_weight", "changed", "recipe_fields", "lacks changed_weight and has unknown changed"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, old: str, new: str, code: str, words: str) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text((RECIPES / "mini" / "recipe.toml").read_text().replace(old, new, 1))
    with refused(code) as refusal:
        read_recipe(file)
    assert refusal.match(words)


@pytest.mark.parametrize(
    ("text", "code"),
    [("name = ", "not_toml"), ('name = "x"', "recipe_fields"), (None, "file_missing")],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, text: str | None, code: str) -> None:
    file = tmp_path / "recipe.toml"
    if text is not None:
        file.write_text(text)
    with refused(code):
        read_recipe(file)


def test_a_stage_whose_table_is_absent_is_not_run(tmp_path: Path) -> None:
    text = (RECIPES / "mini" / "recipe.toml").read_text()
    file = tmp_path / "recipe.toml"
    file.write_text(text[: text.index("[captions]")])
    recipe = read_recipe(file)
    assert recipe.towers
    assert recipe.stages == [recipe.towers]


def test_mini_is_the_model_that_ships() -> None:
    shapes = {key: list(value.shape) for key, value in built("mini").state_dict().items()}
    shipped = {}
    for file in tower_files(ASSETS / "vljepa-mini"):
        with safe_open(file, "pt") as weights:
            shipped |= {key: weights.get_slice(key).get_shape() for key in weights.keys()}  # noqa: SIM118
    assert shapes == shipped


def test_base_learns_on_one_gpu() -> None:
    model, recipe = built("base"), read_recipe(RECIPES / "base" / "recipe.toml")
    assert (recipe.model["dim"], recipe.stages) == (768, [])
    assert millions(model, "x_encoder") == pytest.approx(304, abs=1)
    layer = 4 * 1024**2 + 3 * 1024 * 2816 + 2 * 1024
    around = 2 * 1024 + 1024 * 1024 + 768 * 1024 + 1024 * 768 + 768 + 1024  # projections, head, norm, biases
    assert millions(model, "predictor", learning=True) * 1e6 == 6 * layer + around
    assert millions(model, "y_encoder", learning=True) == pytest.approx(109, abs=1)  # BERT-base
    assert millions(model, "x_encoder", learning=True) == 0


def test_paper_has_the_paper_s_counts() -> None:
    model, recipe = built("paper"), read_recipe(RECIPES / "paper" / "recipe.toml")
    assert (recipe.model["dim"], recipe.stages) == (1536, [])
    assert millions(model, "x_encoder") == pytest.approx(304, abs=1)
    assert millions(model, "x_encoder", learning=True) == 0
    assert millions(model, "predictor", learning=True) == pytest.approx(490, abs=3)
    assert millions(model, "y_encoder") == pytest.approx(303, abs=2)
    assert not any(layer.self_attn.is_causal for layer in model.predictor.layers)
    assert list(TOWERS) == [name for name, _ in model.named_children()]
