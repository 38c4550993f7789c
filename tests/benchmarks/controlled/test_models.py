"""Both models against what they are said to compute, and how many parameters they train."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from benchmarks.controlled.models import TOKEN_MODEL, VL_JEPA
from benchmarks.controlled.pairs import Batch
from benchmarks.controlled.recipe import read_recipe
from benchmarks.controlled.token_model import TokenModel
from benchmarks.controlled.train import trainable
from benchmarks.controlled.vl_jepa import SmallVLJEPA, new_predictor, predictor_from
from tests.benchmarks.controlled.conftest import DIM, WIDTH
from vlret.errors import ModelError
from vlret.training.text_decoder.vocabulary import SPECIAL

FOLDER = Path(read_recipe.__code__.co_filename).parent


@pytest.fixture
def token_model(workshop):
    return workshop.model(TOKEN_MODEL, 0).eval()


def log_p(model, tokens, ids):
    """Log probabilities of `ids` after visual tokens, by one plain pass of the language model."""
    inputs = torch.cat([model.prefix(tokens), model.lm.get_input_embeddings()(torch.tensor([ids]))], 1)
    logits = model.lm(inputs_embeds=inputs).logits[0, tokens.shape[1] - 1 : -1]
    return logits.log_softmax(-1)[torch.arange(len(ids)), torch.tensor(ids)]


@torch.no_grad()
def test_a_name_scores_the_mean_log_probability_of_its_tokens(token_model):
    tokens, before, names = torch.randn(3, 4, WIDTH), [5, 6], [[7], [8, 9, 10], [11, 12]]
    scores = token_model.name_scores(tokens, before, names)
    for row in range(3):
        for column, name in enumerate(names):
            expected = log_p(token_model, tokens[row : row + 1], before + name)[len(before) :].mean()
            assert scores[row, column] == pytest.approx(expected.item(), abs=1e-5)
    assert torch.allclose(
        token_model.name_scores(tokens, [], [[7, 8]])[0, 0], log_p(token_model, tokens[:1], [7, 8]).mean()
    )


@torch.no_grad()
def test_the_token_models_loss_is_the_mean_over_the_tokens_of_all_captions(token_model, pairs):
    captions = np.array([0, 1, 2])
    batch = Batch(torch.randn(3, 4, WIDTH), captions)
    rows = [log_p(token_model, batch.tokens[n : n + 1], token_model.ids[c]) for n, c in enumerate(captions)]
    assert len({len(row) for row in rows}) > 1
    assert token_model.loss(batch).item() == pytest.approx(-torch.cat(rows).mean().item(), abs=1e-5)


def test_a_caption_ends_with_the_end_token_and_is_read_back(token_model, workshop):
    texts = workshop.pairs.captions.texts
    assert all(ids[-1] == token_model.lm.config.eos_token_id for ids in token_model.ids)
    assert workshop.tokenizer.decode(token_model.ids[0]).strip() == texts[0]


def test_infonce_starts_at_the_logarithm_of_the_batch_and_leaves_equal_captions_out(workshop):
    targets = functional.normalize(torch.randn(4, DIM), dim=-1)
    model = SmallVLJEPA(workshop.model(VL_JEPA, 0).predictor, targets)
    model.log_scale.data.zero_()
    tokens = torch.randn(3, 4, WIDTH)
    distinct, equal = (model.loss(Batch(tokens, np.array(rows))) for rows in ([0, 1, 2], [0, 0, 2]))
    assert distinct.item() == pytest.approx(math.log(3), abs=0.7)
    cosines = model(tokens) @ targets[[0, 0, 2]].T
    kept = cosines.masked_fill(torch.tensor([[0, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=torch.bool), -torch.inf)
    both = [-each.log_softmax(1).diagonal().mean() for each in (kept, kept.T)]
    assert equal.item() == pytest.approx((sum(both) / 2).item(), abs=1e-5)


def test_cosines_of_the_loss_are_not_rounded_by_autocast(workshop, pairs):
    model, batch = workshop.model(VL_JEPA, 0), next(pairs.batches(0))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        prediction, loss = model(batch.tokens), model.loss(batch)
    captions = torch.from_numpy(batch.captions)
    cosines = (prediction.double() @ model.targets[captions].double().T) * model.log_scale.exp()
    ignored = (captions[:, None] == captions) & ~torch.eye(len(captions), dtype=torch.bool)
    both = [
        -each.masked_fill(ignored, -torch.inf).log_softmax(1).diagonal().mean()
        for each in (cosines, cosines.T)
    ]
    assert loss.item() == pytest.approx((sum(both) / 2).item(), abs=1e-4)


def test_targets_are_no_parameters(workshop):
    model = workshop.model(VL_JEPA, 0)
    assert not any("targets" in name for name, _ in model.named_parameters())
    assert "targets" not in model.state_dict()


def test_with_published_weights_one_starts_as_all_of_them_and_the_other_as_the_last_layers(
    workshop, monkeypatch
):
    config = LlamaConfig(**workshop.recipe.blocks, num_hidden_layers=3, vocab_size=300, **SPECIAL)
    published = LlamaForCausalLM(config)
    monkeypatch.setitem(vars(workshop), "published", published)
    token, joint = (workshop.model(kind, 0) for kind in (TOKEN_MODEL, VL_JEPA))
    for name, value in published.state_dict().items():
        assert token.lm.state_dict()[name].equal(value)
    (layer,) = joint.predictor.layers
    for name, value in published.model.layers[-1].state_dict().items():
        assert layer.state_dict()[name].equal(value)
    ids = torch.tensor([[5, 6, 7]])
    assert torch.allclose(token.lm(ids).logits, published(ids).logits, atol=1e-5)


def test_missing_weights_are_named(workshop, tmp_path):
    with pytest.raises(ModelError) as raised:
        replace(workshop, recipe=replace(workshop.recipe, weights=str(tmp_path / "no.gguf"))).model(
            VL_JEPA, 0
        )
    assert raised.value.code == "file_missing"


def test_a_seed_gives_the_same_weights_and_another_one_others(workshop):
    for kind in (VL_JEPA, TOKEN_MODEL):
        first, again, other = (
            torch.cat([p.flatten() for p in workshop.model(kind, seed).parameters()]) for seed in (0, 0, 1)
        )
        assert first.equal(again)
        assert not first.equal(other)


def test_the_token_model_has_twice_the_trainable_parameters():
    recipe = read_recipe(FOLDER / "small.toml")
    blocks = LlamaConfig(**recipe.blocks, num_hidden_layers=recipe.layers)
    predictor = new_predictor(blocks, 1280, 384)
    tied = {"vocab_size": recipe.vocabulary, "tie_word_embeddings": True, **SPECIAL}
    token = TokenModel(LlamaConfig(**recipe.blocks, num_hidden_layers=recipe.token_layers, **tied), 1280, [])
    joint = trainable(SmallVLJEPA(predictor, torch.zeros(1, 384)))
    assert joint == 1_648_513
    assert trainable(token) == 3_283_392
    assert trainable(token) / joint == pytest.approx(2, abs=0.01)


@torch.no_grad()
def test_a_predictor_starts_as_the_last_layers_without_their_causal_mask():
    config = LlamaConfig(
        hidden_size=16,
        intermediate_size=32,
        num_attention_heads=2,
        num_key_value_heads=1,
        num_hidden_layers=3,
        vocab_size=20,
    )
    llama = LlamaForCausalLM(config).model
    predictor = predictor_from(llama, 2, WIDTH, DIM).eval()
    for ours, theirs in zip(predictor.layers, llama.layers[1:], strict=True):
        for name, value in theirs.state_dict().items():
            assert ours.state_dict()[name].equal(value)
    assert predictor.config.num_hidden_layers == 2
    hidden = torch.randn(1, 5, 16)
    changed = hidden.clone()
    changed[0, -1] += 1
    mask = torch.ones(1, 5, dtype=torch.bool)
    first = [predictor._blocks(rows, mask)[0, 0] for rows in (hidden, changed)]
    assert not torch.allclose(*first)  # an earlier token sees a later one
    assert trainable(predictor) == sum(
        p.numel() for n, p in predictor.named_parameters() if "embed_tokens" not in n
    )
