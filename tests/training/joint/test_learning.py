"""What learns in a joint stage."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.models.vljepa.tiny import tiny_model
from tests.training.joint.tiny import STAGE
from vlret.training.joint.learning import let_learn, parameter_groups


@pytest.mark.parametrize(
    ("loss", "head_learns"), [("info_nce", True), ("vicreg", True), ("l2", False), ("cosine", False)]
)
def test_targets_are_fixed_for_losses_without_negatives(loss: str, head_learns: bool) -> None:
    model, stage = tiny_model(), replace(STAGE, loss=loss, y_rate=0.0)
    let_learn(model, stage)
    assert model.y_encoder.head.weight.requires_grad == head_learns
    assert not any(p.requires_grad for p in model.y_encoder.model.parameters())
    learned = {id(p) for group in parameter_groups(model, stage) for p in group["params"]}
    assert (id(model.y_encoder.head.weight) in learned) == head_learns


def test_the_mask_token_of_a_vit_does_not_learn_with_it() -> None:
    """It is no part of the forward pass: DDP would wait for its gradient."""
    model = tiny_model()
    let_learn(model, replace(STAGE, x_rate=0.5))
    frozen = [name for name, p in model.x_encoder.named_parameters() if not p.requires_grad]
    assert frozen == ["model.embeddings.mask_token"]
