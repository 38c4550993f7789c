"""What learns in a joint stage, and at which rate."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from torch import nn
from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer

from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.recipe_stages import JointStage

Groups = list[dict[str, Any]]


def let_learn(model: VLJEPAModel, stage: JointStage) -> None:
    """Set what requires a gradient, and which modules are in training mode.

    The predictor's token table stays frozen (the paper's 490M parameters leave it out), an int8 table is none that
    could learn, a ViT's mask token is never read. The X-encoder stays in evaluation mode, so that batch norms keep
    their statistics.
    """
    model.requires_grad_(False).eval()
    for tower, learns in _towers(model, stage):
        tower.requires_grad_(learns)
    if model.predictor.embed_tokens is not None:
        model.predictor.embed_tokens.requires_grad_(False)
    for name, parameter in model.x_encoder.named_parameters():
        if name.endswith("mask_token"):
            parameter.requires_grad_(False)
    model.logit_scale.requires_grad_(True)
    if stage.gradient_checkpointing:
        for tower, learns in _towers(model, stage):
            if learns:
                _recompute(tower)


def set_training(model: VLJEPAModel, stage: JointStage) -> None:
    """Switch dropout on in what learns, the X-encoder aside."""
    model.predictor.train()
    if stage.y_rate:
        model.y_encoder.train()


def parameter_groups(model: VLJEPAModel, stage: JointStage) -> Groups:
    """Return AdamW's groups of all that learns but the scale; vectors (biases, norms) do not decay."""
    rates = ((model.predictor, 1.0), (model.y_encoder.head, 1.0), (model.y_encoder.model, stage.y_rate),
             (model.x_encoder, stage.x_rate))  # fmt: skip
    groups = [
        _group(
            (p for p in module.parameters() if p.requires_grad and (p.ndim > 1) == decays),
            stage,
            factor,
            decays,
        )
        for module, factor in rates
        for decays in (True, False)
    ]
    return [group for group in groups if group["params"]]


def _group(
    parameters: Iterable[nn.Parameter], stage: JointStage, factor: float, decays: bool
) -> dict[str, Any]:
    decay = stage.weight_decay if decays else 0.0
    return {"params": list(parameters), "lr": stage.rate * factor, "weight_decay": decay}


def _towers(model: VLJEPAModel, stage: JointStage) -> list[tuple[nn.Module, bool]]:
    return [
        (model.predictor, True),
        (model.y_encoder.head, not stage.has_fixed_targets),
        (model.y_encoder.model, stage.y_rate > 0),
        (model.x_encoder, stage.x_rate > 0),
    ]


def _recompute(tower: nn.Module) -> None:
    """Let the layers of a tower compute their activations again in the backward pass."""
    for layer in tower.modules():
        if isinstance(layer, GradientCheckpointingLayer):
            layer.gradient_checkpointing = True
            layer._gradient_checkpointing_func = partial(checkpoint, use_reentrant=False)
