"""Towers: tokens of every frame, images repeated, pads ignored, int8 rows close to what they were."""

from __future__ import annotations

import pytest
import timm
import torch

from tests.models.vljepa.tiny import tiny_model
from vlret.models.vljepa.encoders import Int8Embedding, fold_batch_norms


@pytest.mark.parametrize(("kind", "frames", "grid", "tokens"), [
    ("dinov2", 3, 0, 3 * 16), ("dinov2", 3, 2, 3 * 4), ("vjepa2", 4, 0, 2 * 4), ("vjepa2", 4, 1, 2),
])  # fmt: skip
def test_x_encoder_keeps_tokens_of_every_frame(kind: str, frames: int, grid: int, tokens: int) -> None:
    model = tiny_model(kind, grid=grid)
    side = model.config.resolution
    pixels = torch.randn(2, frames, 3, side, side)
    visual = model.encode(pixels)
    assert visual.shape == (2, tokens, 32)
    changed = pixels.clone()
    changed[:, -1] += 1
    moved = (model.encode(changed) - visual).abs().amax((0, 2)) > 1e-5
    assert moved[-1]
    if kind == "dinov2":  # frames do not see each other: only the last frame's tokens move
        assert moved.sum() == tokens // frames


def test_grid_token_is_the_mean_of_its_cell() -> None:
    fine, coarse = tiny_model(grid=0), tiny_model(grid=2)
    pixels = torch.randn(1, 1, 3, 28, 28)
    tokens = fine.encode(pixels).reshape(4, 4, 32)
    first_cell = tokens[:2, :2].mean((0, 1))
    assert torch.allclose(coarse.encode(pixels)[0, 0], first_cell, atol=1e-5)


@pytest.mark.parametrize("frames", [1, 3])
def test_vjepa2_fills_a_tubelet_by_repeating(frames: int) -> None:
    model = tiny_model("vjepa2")
    pixels = torch.randn(1, frames, 3, 32, 32)
    repeated = torch.cat([pixels, pixels[:, -1:]], 1)
    assert torch.equal(model.encode(pixels), model.encode(repeated))


def test_vjepa2_comes_without_its_own_predictor() -> None:
    names = [name for name, _ in tiny_model("vjepa2").x_encoder.named_parameters()]
    assert names
    assert not any("predictor" in name or "mask_token" in name for name in names)


def test_x_encoder_is_frozen() -> None:
    assert not any(p.requires_grad for p in tiny_model().x_encoder.parameters())


@pytest.mark.parametrize("kind", ["bert", "gemma3_text"])
def test_y_encoder_ignores_pads_and_sees_both_ways(kind: str) -> None:
    model = tiny_model(y=kind)
    ids = torch.tensor([[2, 4, 5, 3]])
    seen = torch.ones_like(ids, dtype=torch.bool)
    padded = torch.tensor([[2, 4, 5, 3, 7, 7]])
    assert torch.allclose(
        model.embed_text(ids, seen),
        model.embed_text(padded, torch.tensor([[1, 1, 1, 1, 0, 0]]).bool()),
        atol=1e-5,
    )
    hidden = model.y_encoder.model(input_ids=ids, attention_mask=seen.long()).last_hidden_state
    other = model.y_encoder.model(
        input_ids=torch.tensor([[2, 4, 6, 3]]), attention_mask=seen.long()
    ).last_hidden_state
    assert (hidden[:, 0] - other[:, 0]).abs().max() > 1e-4  # the first token sees a later one


def test_folded_batch_norms_change_nothing_but_time() -> None:
    torch.manual_seed(0)
    net = timm.create_model("tf_efficientnet_lite0", num_classes=0).eval()
    for norm in net.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.running_mean.normal_(0, 0.1)
            norm.running_var.uniform_(0.5, 1.5)
    pixels = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        before = net.forward_features(pixels)
    fold_batch_norms(net)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in net.modules())
    with torch.inference_mode():
        assert torch.allclose(net.forward_features(pixels), before, atol=1e-4)


def test_int8_rows_keep_their_direction() -> None:
    table = torch.randn(50, 64)
    rows = Int8Embedding(50, 64).quantise(table)(torch.arange(50))
    assert torch.cosine_similarity(rows, table).min() > 0.9995
