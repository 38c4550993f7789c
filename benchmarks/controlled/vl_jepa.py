"""The VL-JEPA of the comparison: a predictor whose target is the frozen embedding of the caption."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional
from transformers import LlamaConfig, LlamaModel

from benchmarks.controlled.pairs import Batch
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.predictor import Predictor
from vlret.training.losses.info_nce import caption_loss

FIRST_SCALE = 1 / 0.07
NO_TOKENS = {"vocab_size": 1, "bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
"""A predictor without queries has no use for its token table."""


class SmallVLJEPA(nn.Module):
    """Visual tokens to unit vectors, query-free; InfoNCE against `targets` [texts, dim], which are no parameters."""

    def __init__(self, predictor: Predictor, targets: torch.Tensor) -> None:
        super().__init__()
        self.predictor = predictor
        self.targets = nn.Buffer(targets, persistent=False)
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Predicted embeddings [n, dim], unit length, of tokens [n, t, width]."""
        mask = tokens.new_ones(tokens.shape[:2], dtype=torch.bool)
        return functional.normalize(self.predictor(tokens, mask).float(), dim=-1)

    def loss(self, batch: Batch) -> torch.Tensor:
        """InfoNCE over the batch; an equal caption of another item is no negative."""
        captions = torch.from_numpy(batch.captions)
        same = captions[:, None] == captions
        prediction = self(batch.tokens)
        with torch.autocast("cpu", enabled=False):  # cosines times a hundred
            return caption_loss(prediction, self.targets[captions].float(), self.log_scale, same)


def new_predictor(blocks: LlamaConfig, width: int, dim: int) -> Predictor:
    """Return a predictor with random weights whose blocks add nothing yet, as in `VLJEPAModel`."""
    predictor = Predictor(VLJEPAConfig(predictor_config=blocks, x_width=width, dim=dim))
    for module in predictor.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=blocks.initializer_range)
        if getattr(module, "starts_at_zero", False):
            nn.init.zeros_(module.weight)
    return predictor


def predictor_from(llama: LlamaModel, layers: int, width: int, dim: int) -> Predictor:
    """Return a predictor that starts as the last `layers` of a Llama."""
    blocks = LlamaConfig(**{**llama.config.to_dict(), "num_hidden_layers": layers, **NO_TOKENS})
    predictor = new_predictor(blocks, width, dim)
    for ours, theirs in zip(predictor.layers, llama.layers[-layers:], strict=True):
        ours.load_state_dict(theirs.state_dict())
    predictor.norm.load_state_dict(llama.norm.state_dict())
    return predictor
