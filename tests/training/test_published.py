"""Published weights in the formats of transformers, tiny and random, to the towers of a model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertForPreTraining, Gemma3TextModel, LlamaConfig, LlamaForCausalLM, VJEPA2Model

from tests.models.vljepa.tiny import X, Y, tiny_config, tiny_model
from tests.refusal import refused
from vlret.models.vljepa.encoders import Int8Embedding
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.published import load_llama, load_text_encoder, load_vjepa2


def save_llama(folder: Path, layers: int = 5, **changes: object) -> LlamaForCausalLM:
    torch.manual_seed(1)
    settings = {**tiny_config().predictor_config.to_dict(), "num_hidden_layers": layers, **changes}
    llama = LlamaForCausalLM(LlamaConfig(**settings))
    llama.save_pretrained(folder)
    return llama


def test_the_encoder_of_vjepa2_is_taken_and_its_mask_predictor_left(tmp_path: Path) -> None:
    torch.manual_seed(1)
    source = VJEPA2Model(X["vjepa2"])
    source.save_pretrained(tmp_path)
    encoder = tiny_model("vjepa2").x_encoder
    load_vjepa2(encoder, tmp_path)
    assert all(
        torch.equal(value, source.encoder.state_dict()[key])
        for key, value in encoder.model.state_dict().items()
    )
    load_vjepa2(encoder, tmp_path / "model.safetensors")


def test_the_last_layers_of_llama_are_taken(tmp_path: Path) -> None:
    llama = save_llama(tmp_path).model
    torch.manual_seed(0)
    predictor = VLJEPAModel(tiny_config()).predictor
    assert not predictor.layers[0].self_attn.o_proj.weight.any()  # untrained, a linear path
    before = predictor.vision_proj.weight.clone()
    load_llama(predictor, tmp_path)
    for layer, source in zip(predictor.layers, llama.layers[3:], strict=True):
        for name, value in source.state_dict().items():
            assert torch.equal(layer.state_dict()[name], value), name
        assert layer.self_attn.o_proj.weight.any()
        assert layer.mlp.down_proj.weight.any()
    assert torch.equal(predictor.norm.weight, llama.norm.weight)
    assert torch.equal(predictor.embed_tokens.weight, llama.embed_tokens.weight)
    assert not predictor.embed_tokens.weight.requires_grad
    assert torch.equal(predictor.vision_proj.weight, before)


def test_a_predictor_without_a_table_leaves_that_of_llama(tmp_path: Path) -> None:
    llama = save_llama(tmp_path).model
    predictor = tiny_model(query_embeddings="y_encoder").predictor
    load_llama(predictor, tmp_path)
    assert torch.equal(predictor.layers[1].mlp.up_proj.weight, llama.layers[4].mlp.up_proj.weight)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layers": 1}, "do not match a Llama of .* with as many layers or more"),
        ({"hidden_size": 32}, "are F32 .* not"),
        ({"attention_bias": True}, "unexpected"),
    ],
)
def test_another_llama_is_refused(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    save_llama(tmp_path, **changes)  # type: ignore[arg-type]
    with refused("weights_mismatch") as refusal:
        load_llama(tiny_model().predictor, tmp_path)
    assert refusal.match(words)


@pytest.mark.parametrize("prefix", ["", "model."])
def test_gemma_is_taken_with_and_without_a_prefix(tmp_path: Path, prefix: str) -> None:
    torch.manual_seed(1)
    source = Gemma3TextModel(Y["gemma3_text"]).state_dict()
    save_file(
        {prefix + key: value.contiguous() for key, value in source.items()}, tmp_path / "model.safetensors"
    )
    encoder = tiny_model(y="gemma3_text").y_encoder
    load_text_encoder(encoder, tmp_path)
    assert all(torch.equal(value, source[key]) for key, value in encoder.model.state_dict().items())


@pytest.mark.parametrize("int8", [False, True])
def test_bert_is_taken_from_an_old_file(tmp_path: Path, int8: bool) -> None:
    torch.manual_seed(1)
    BertForPreTraining(Y["bert"]).save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    old = {
        key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
        for key, value in load_file(file).items()
    }
    save_file(old, file)
    encoder = tiny_model(int8_embeddings=int8).y_encoder
    load_text_encoder(encoder, tmp_path)
    state = encoder.model.state_dict()
    norm = "embeddings.LayerNorm"
    assert torch.equal(state[f"{norm}.bias"], old[f"bert.{norm}.beta"])
    query = "encoder.layer.1.attention.self.query.weight"
    assert torch.equal(state[query], old[f"bert.{query}"])
    table, published = encoder.model.get_input_embeddings(), old["bert.embeddings.word_embeddings.weight"]
    assert isinstance(table, Int8Embedding) == int8
    assert torch.allclose(table(torch.arange(len(published))), published, atol=1e-3 if int8 else 0)


@pytest.mark.parametrize("int8", [False, True])
def test_another_text_encoder_is_refused(tmp_path: Path, int8: bool) -> None:
    torch.manual_seed(1)
    BertForPreTraining(Y["bert"]).save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    state = load_file(file)
    del state["bert.encoder.layer.1.attention.self.query.weight"]
    save_file(state, file)
    with refused("weights_mismatch") as refusal:
        load_text_encoder(tiny_model(int8_embeddings=int8).y_encoder, tmp_path)
    assert refusal.value.fields["missing"] == ["encoder.layer.1.attention.self.query.weight"]


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with refused("file_missing") as refusal:
        load_vjepa2(tiny_model("vjepa2").x_encoder, tmp_path)
    assert refusal.value.fields["path"] == tmp_path / "model.safetensors"
