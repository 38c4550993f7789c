"""What learns in a joint stage, and at which rate."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.models.vljepa.tiny import tiny_model
from tests.training.joint.tiny import STAGE
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.joint.learning import let_learn, parameter_groups, set_training
from vlret.training.recipe_stages import JointStage


def rates(model: VLJEPAModel, stage: JointStage) -> dict[str, tuple[float, float]]:
    """Rate and decay of each parameter that learns, but the scale."""
    let_learn(model, stage)
    names = {id(p): name for name, p in model.named_parameters()}
    groups = parameter_groups(model, stage)
    return {names[id(p)]: (group["lr"], group["weight_decay"]) for group in groups for p in group["params"]}


def test_each_tower_has_its_rate_and_vectors_do_not_decay() -> None:
    model, stage = tiny_model(), replace(STAGE, rate=0.1, y_rate=0.05, weight_decay=0.3)
    found = rates(model, stage)
    assert found["predictor.layers.0.mlp.down_proj.weight"] == (0.1, 0.3)
    assert found["predictor.norm.weight"] == (0.1, 0.0)
    assert found["y_encoder.head.weight"] == (0.1, 0.3)
    assert found["y_encoder.head.bias"] == (0.1, 0.0)
    assert found["y_encoder.model.embeddings.word_embeddings.weight"] == pytest.approx((0.005, 0.3))
    learns = {name for name, p in model.named_parameters() if p.requires_grad}
    assert learns == {*found, "logit_scale"}
    assert not any(name.startswith("x_encoder.") or "predictor.embed_tokens" in name for name in learns)


def test_a_rate_of_zero_freezes_the_text_encoder_but_not_its_head() -> None:
    found = rates(tiny_model(), replace(STAGE, y_rate=0.0))
    assert {name for name in found if name.startswith("y_encoder.")} == {
        "y_encoder.head.weight",
        "y_encoder.head.bias",
    }


def test_the_x_encoder_may_learn() -> None:
    model, stage = tiny_model(), replace(STAGE, rate=0.1, x_rate=0.5)
    found = rates(model, stage)
    assert found["x_encoder.model.encoder.layer.0.norm1.weight"] == (0.05, 0.0)
    set_training(model, stage)
    assert model.predictor.training
    assert model.y_encoder.training
    assert not any(module.training for module in model.x_encoder.modules())


def test_an_int8_table_stays_as_it_is() -> None:
    model = tiny_model(query_embeddings="y_encoder", int8_embeddings=True)
    assert not any("word_embeddings" in name for name in rates(model, STAGE))


def test_computing_activations_again_gives_the_same_gradients() -> None:
    def gradient(recompute: bool) -> torch.Tensor:
        model, stage = tiny_model(), replace(STAGE, gradient_checkpointing=recompute)
        let_learn(model, stage)
        set_training(model, stage)
        calls = []
        model.predictor.layers[0].self_attn.q_proj.register_forward_hook(lambda *_: calls.append(1))
        torch.manual_seed(0)
        model.predict(torch.randn(2, 3, 32)).sum().backward()
        assert len(calls) == 1 + recompute
        weight = model.predictor.layers[0].self_attn.q_proj.weight
        assert weight.grad is not None
        return weight.grad

    assert torch.allclose(gradient(False), gradient(True), atol=1e-6)
