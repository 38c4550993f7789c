"""What a training starts from: published towers of every format, or a finished model."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import Gemma3TextConfig, Gemma3TextModel, LlamaConfig, LlamaForCausalLM

from tests.models.vljepa.checkpoint import QUERY_WORDS, SMALL, TEXT_WORDS, save_tokenizer, save_x_encoder
from tests.models.vljepa.tiny import tiny_folder, tiny_model
from tests.refusal import refused
from tests.training.joint.tiny import joint_recipe
from vlret.models.vljepa.embedder import VLJEPA
from vlret.training.adapters.efficientnet import EfficientNetAdapter
from vlret.training.export import write_folder
from vlret.training.initial import initial_model
from vlret.training.recipe import InitialWeights, TrainingRecipe
from vlret.training.run import train

LICENCE = "Llama 3.2 Community License and Gemma Terms of Use"


@pytest.fixture
def published(tmp_path: Path) -> TrainingRecipe:
    """A recipe of the paper's three families, tiny, with their files as they lie on the hub."""
    torch.manual_seed(0)
    save_x_encoder(tmp_path / "vjepa2")
    llama = {**SMALL["predictor_config"], "num_hidden_layers": 5}
    LlamaForCausalLM(LlamaConfig(**llama)).save_pretrained(tmp_path / "llama")
    save_tokenizer(tmp_path / "llama" / "tokenizer.json", QUERY_WORDS, "<bos> $A")
    Gemma3TextModel(Gemma3TextConfig(**SMALL["y_config"])).save_pretrained(tmp_path / "gemma")
    save_tokenizer(tmp_path / "gemma" / "tokenizer.json", TEXT_WORDS, "<bos> $A <eos>")
    (tmp_path / "gemma" / "tokenizer_config.json").write_text("{}")
    model = {**SMALL, "image_mean": [0.5] * 3, "image_std": [0.25] * 3, "int8_embeddings": False}
    start = InitialWeights(
        tmp_path / "vjepa2", tmp_path / "gemma", tmp_path / "llama", tmp_path / "llama" / "tokenizer.json"
    )
    recipe = joint_recipe(tmp_path / "joint", steps=2, query="What do you see ?")
    return replace(recipe, model=model, initial=start, licence=LICENCE)


def test_the_paper_s_towers_start_as_published_and_learn(published: TrainingRecipe, tmp_path: Path) -> None:
    finished = VLJEPA(train(published, tmp_path / "out"), dtype="float32")
    assert (finished.card.licence, finished.card.resize) == (LICENCE, "crop")
    assert finished.query_tokens("the video") == [1, 4, 5]
    assert finished.tokens("a dog", 16) == [2, 4, 5, 1]
    start = VLJEPA(tmp_path / "out" / "initial", dtype="float32")
    assert start.torch_engine.predictor.layers[0].self_attn.o_proj.weight.any()
    clip = [np.full((2, 40, 60, 3), 200, np.uint8)]
    assert np.abs(finished.embed_clips(clip, "the video") - start.embed_clips(clip, "the video")).max() > 1e-4


def test_a_missing_tokenizer_of_queries_is_named(published: TrainingRecipe, tmp_path: Path) -> None:
    file = published.initial.query_tokenizer
    assert file is not None
    file.unlink()
    with refused("file_missing") as refusal:
        write_folder(initial_model(published), tmp_path / "initial", published)
    assert refusal.value.fields["path"] == file


def test_a_finished_model_starts_as_it_is(published: TrainingRecipe, tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "finished", tiny_model())
    recipe = replace(published, model={}, initial=InitialWeights(model=str(folder)))
    model = initial_model(recipe)
    before = tiny_model().state_dict()
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    write_folder(model, tmp_path / "initial", recipe)
    assert VLJEPA(tmp_path / "initial").query_tokens("a dog") == [2, 4, 5, 3]


def test_only_a_vljepa_can_be_trained_on(published: TrainingRecipe, clip_folder: Path) -> None:
    with refused("not_a_vljepa"):
        initial_model(replace(published, model={}, initial=InitialWeights(model=str(clip_folder))))


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.models.open_clip_folders import CLIP, save_folder

    return save_folder(tmp_path_factory.mktemp("open_clip") / "clip", CLIP)


class Hostile:
    """Makes a directory when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_damaged_and_hostile_weights_of_an_efficientnet_are_refused(tmp_path: Path) -> None:
    file, made, encoder = tmp_path / "a.pth", tmp_path / "made", tiny_model().x_encoder
    torch.save({"x": torch.ones(9)}, file)
    whole = file.read_bytes()
    for data in (whole[:200], b"", b"no weights"):
        file.write_bytes(data)
        with refused("unusable_model"):
            EfficientNetAdapter().load_published(encoder, file)
    for content in ([1, 2], {"x": 3}, {"x": Hostile(made)}):
        torch.save(content, file)
        with refused("unusable_model"):
            EfficientNetAdapter().load_published(encoder, file)
    assert not made.exists()
    file.write_bytes(whole)
    with refused("weights_mismatch"):
        EfficientNetAdapter().load_published(encoder, file)
