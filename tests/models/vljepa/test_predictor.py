"""The traps of public re-implementations (causal mask, pads, layers, positions, lost rows), each refused."""

from __future__ import annotations

import pytest
import torch

from tests.models.vljepa.tiny import tiny_model


def visual(n: int = 3, tokens: int = 5) -> torch.Tensor:
    return torch.randn(n, tokens, 32, generator=torch.Generator().manual_seed(1))


def mask(n: int = 3, tokens: int = 5) -> torch.Tensor:
    return torch.ones(n, tokens, dtype=torch.bool)


@pytest.mark.parametrize("with_pads", [False, True])
def test_attention_is_not_causal(with_pads: bool) -> None:
    predictor = tiny_model().predictor
    hidden, seen = torch.randn(1, 6, 16), mask(1, 6)
    seen[:, 5] = not with_pads
    changed = hidden.clone()
    changed[:, 4] += 1
    before, after = predictor._blocks(hidden, seen), predictor._blocks(changed, seen)
    assert (before[:, 0] - after[:, 0]).abs().max() > 1e-3  # the first token sees a later one


def test_query_changes_the_prediction() -> None:
    model = tiny_model()
    ids = torch.tensor([[8, 9, 4, 5], [8, 9, 4, 6], [8, 9, 4, 7]])
    asked = model.predict(visual(1).expand(3, -1, -1), None, ids, torch.ones_like(ids, dtype=torch.bool))
    free = model.predict(visual(1))
    assert (asked @ asked.T - torch.eye(3)).abs().triu(1).max() < 1 - 1e-4
    assert ((asked - free).abs().amax(1) > 1e-3).all()


def test_pads_are_neither_attended_nor_pooled() -> None:
    predictor = tiny_model().predictor
    query = torch.randn(3, 4, 16)
    plain = predictor(visual(), mask(), query, mask(3, 4))
    padded_visual = torch.cat([visual(), 99 * torch.ones(3, 7, 32)], 1)
    padded_query = torch.cat([query, -99 * torch.ones(3, 2, 16)], 1)
    visual_mask = torch.cat([mask(), ~mask(3, 7)], 1)
    query_mask = torch.cat([mask(3, 4), ~mask(3, 2)], 1)
    assert torch.allclose(predictor(padded_visual, visual_mask, padded_query, query_mask), plain, atol=1e-5)


def test_every_batch_item_comes_back_as_if_alone() -> None:
    predictor = tiny_model().predictor
    together = predictor(visual(), mask())
    alone = torch.cat([predictor(visual()[i : i + 1], mask(1)) for i in range(3)])
    assert together.shape == (3, 20)
    assert torch.allclose(together, alone, atol=1e-5)
    assert (together[0] - together[1]).abs().max() > 1e-3


def test_any_length_has_positions_of_its_own() -> None:
    predictor = tiny_model().predictor
    tokens = torch.randn(1, 300, 16)  # max_position_embeddings is 64
    swapped = tokens.clone()
    swapped[:, [200, 290]] = tokens[:, [290, 200]]
    one, other = predictor._blocks(tokens, mask(1, 300)), predictor._blocks(swapped, mask(1, 300))
    assert torch.isfinite(one).all()
    assert (one[:, 0] - other[:, 0]).abs().max() > 1e-5  # order far out still matters


def test_token_table_is_frozen() -> None:
    assert not tiny_model().predictor.embed_tokens.weight.requires_grad
