"""Recipes: each wrong value is refused by name, and those of the repository build with the right sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from tests.refusal import refused
from vlret.models.registry import ASSETS
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.models.vljepa.open_vljepa import SETTINGS
from vlret.models.vljepa.registry import TOWERS, tower_files
from vlret.training.initial import random_model
from vlret.training.joint.data import read_stage
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
        ("seed = 0", "seed = 10000000000000000000", "recipe_value", "Give a whole number from 0 to 1e18"),
        ("rate = 2e-4", "rate = 1e300", "recipe_value", r"rate of .* is 1e\+300. Give a number"),
        ('kind = "towers"', 'kind = ["towers"]', "recipe_value", r"kind of stage 1 of .* is \['towers'\]"),
        ("[data]", "[[data]]", "recipe_fields", r"\[data\] of .* is \[.*, which is no table"),
        ("[initial]", "[[initial]]", "recipe_fields", r"\[initial\] of .* is \[.*, which is no table"),
        ("seed = 0", "seed = true", "recipe_value", "seed of .* is True"),
        ("views = 6", "views = 0", "recipe_value", r"views of \[data\] of .* is 0. Give 1 or more"),
        (
            "epochs = 14",
            "epochs = -1",
            "recipe_value",
            r"epochs of stage 1 of .* \(towers\) is -1. Give a whole number from 1",
        ),
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
        ("seed = 0", "seed = 0\nsead = 0", "recipe_fields", "has unknown sead"),
        (
            'kind = "towers"',
            'kind = "tower"',
            "recipe_value",
            "kind of stage 1 of .* is 'tower'. Give towers, cap",
        ),
        ('kind = "captions"', 'kind = "towers"', "recipe_fields", "stage 2 of .* lacks"),
        ('name = "captions"', 'name = "towers"', "recipe_value", "a name of its own"),
        ('name = "captions"', 'name = "a/b"', "recipe_value", "name of a stage of .* is 'a/b'"),
        ("[initial]", '[initial]\nmodel = "vljepa-mini"', "recipe_fields", "starts from a whole model"),
        ("x_encoder = ", "predictor = ", "recipe_fields", "lacks .model., or towers"),
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


def test_stages_come_in_their_order(tmp_path: Path) -> None:
    text = (RECIPES / "mini" / "recipe.toml").read_text()
    first, *stages = text.split("[[stages]]")
    file = tmp_path / "recipe.toml"
    file.write_text("[[stages]]".join([first, stages[1]]))
    assert [stage.kind for stage in read_recipe(file).stages] == ["captions"]
    file.write_text("[[stages]]".join([first, stages[1], stages[0]]))
    with refused("recipe_value") as refusal:
        read_recipe(file)
    assert refusal.match("Give towers, captions, questions, joint in this order")
    file.write_text(f"stages = []\n{first}")
    with refused("recipe_value"):
        read_recipe(file)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'schedule = "cosine"',
            'schedule = "linear"',
            "schedule of stage videos is 'linear'. Give constant, cosine",
        ),
        ('schedule = "cosine"', 'loss = "mse"', "loss of stage videos is 'mse'. Give info_nce, sigmoid, "),
        ('schedule = "cosine"', 'loss = "l2"', "y_rate of stage videos is 0.05. Give 0: "),
        ("frames = 8\nbatch", "weights = [1.0]\nframes = 8\nbatch", "weights of stage videos"),
        ("cache_tokens = true", "cache_tokens = 1", "cache_tokens of .* is 1. Give true or false"),
        ("cache_tokens = true", "cache_tokens = true\nx_rate = 1.0", "cache_tokens of stage images"),
        ("batch = 1024", "batch = 1", "batch of stage images is 1. Give 2 or more"),
        ("warmup = 100", "warmup = 3001", "warmup of stage images is 3001. Give at most its steps, 3000"),
        ("steps = 3000", "steps = 0", "steps of .* is 0. Give 1 or more"),
    ],
)
def test_a_wrong_value_of_a_joint_stage_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    file = tmp_path / "recipe.toml"
    text = (RECIPES / "base" / "recipe.toml").read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with refused("recipe_value") as refusal:
        read_recipe(file)
    assert refusal.match(words)


def test_a_recipe_may_start_from_a_whole_model(tmp_path: Path) -> None:
    text = (RECIPES / "base" / "recipe.toml").read_text()
    file = tmp_path / "recipe.toml"
    begin, rest = text[: text.index("[model]")], text[text.index("[data]") :]
    first, last = rest.index("[initial]"), rest.index("[[stages]]")
    file.write_text(begin + rest[:first] + '[initial]\nmodel = "vljepa-mini"\n\n' + rest[last:])
    recipe = read_recipe(file)
    assert (recipe.initial.model, recipe.model) == ("vljepa-mini", {})


def test_mini_is_the_model_that_ships() -> None:
    shapes = {key: list(value.shape) for key, value in built("mini").state_dict().items()}
    shipped = {}
    for file in tower_files(ASSETS / "vljepa-mini"):
        with safe_open(file, "pt") as weights:
            shipped |= {key: weights.get_slice(key).get_shape() for key in weights.keys()}  # noqa: SIM118
    assert shapes == shipped


def test_base_learns_on_one_gpu() -> None:
    model, recipe = built("base"), read_recipe(RECIPES / "base" / "recipe.toml")
    assert (recipe.model["dim"], [stage.frames for stage in recipe.joint]) == (768, [1, 8])
    assert millions(model, "x_encoder") == pytest.approx(304, abs=1)
    layer = 4 * 1024**2 + 3 * 1024 * 2816 + 2 * 1024
    around = 2 * 1024 + 1024 * 1024 + 768 * 1024 + 1024 * 768 + 768 + 1024  # projections, head, norm, biases
    assert millions(model, "predictor", learning=True) * 1e6 == 6 * layer + around
    assert millions(model, "y_encoder", learning=True) == pytest.approx(109, abs=1)  # BERT-base
    assert millions(model, "x_encoder", learning=True) == 0


def test_paper_has_the_paper_s_counts() -> None:
    model, recipe = built("paper"), read_recipe(RECIPES / "paper" / "recipe.toml")
    assert recipe.model["dim"] == 1536
    numbers = [(stage.frames, stage.batch, stage.steps, stage.schedule) for stage in recipe.joint]
    assert numbers == [
        (1, 24576, 100_000, "constant"),
        (8, 12288, 60_000, "constant"),
        (32, 12288, 10_000, "constant"),
        (8, 3072, 83_000, "cosine"),
    ]
    assert {(stage.rate, stage.y_rate, stage.x_rate) for stage in recipe.joint} == {(5e-5, 0.05, 0.0)}
    assert millions(model, "x_encoder") == pytest.approx(304, abs=1)
    assert millions(model, "x_encoder", learning=True) == 0
    assert millions(model, "predictor", learning=True) == pytest.approx(490, abs=3)
    assert millions(model, "y_encoder") == pytest.approx(303, abs=2)
    assert not any(layer.self_attn.is_causal for layer in model.predictor.layers)
    assert list(TOWERS) == [name for name, _ in model.named_children()]


def test_paper_s_towers_are_those_of_the_published_checkpoint() -> None:
    paper, published = (
        VLJEPAConfig(**settings)
        for settings in (read_recipe(RECIPES / "paper" / "recipe.toml").model, SETTINGS)
    )
    for tower in TOWERS.values():
        assert getattr(paper, tower.config).to_dict() == getattr(published, tower.config).to_dict()
    assert paper.predictor_config.rope_parameters["rope_type"] == "llama3"  # as Llama 3.2 was trained
    for name in ("resize", "resolution", "dim", "x_width", "pad_token_id", "query_embeddings"):
        assert getattr(paper, name) == getattr(published, name), name
    assert tuple(paper.image_mean) == tuple(published.image_mean)
    assert read_recipe(RECIPES / "base" / "recipe.toml").model["resize"] == "crop"


def test_own_goes_on_with_the_model_that_ships() -> None:
    recipe = read_recipe(RECIPES / "own" / "recipe.toml")
    assert recipe.initial.model == "vljepa-mini"
    for stage in recipe.joint:
        pairs = read_stage(stage, RECIPES / "own", 1)
        assert all(
            Path(one.media(n).location).is_file() for one in pairs.train + pairs.dev for n in range(len(one))
        )
        assert (sum(map(len, pairs.dev)), sum(map(len, pairs.train))) == (
            3,
            12 if stage.name == "captions" else 22,
        )
