"""The predictor: Llama-style blocks over visual tokens and query tokens (paper, section 3.1)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers.masking_utils import create_bidirectional_mask
from transformers.models.llama.modeling_llama import (
    LlamaDecoderLayer,
    LlamaRMSNorm,
    LlamaRotaryEmbedding,
)

from vlret.models.vljepa.configuration import VLJEPAConfig


class Predictor(nn.Module):
    """Visual tokens first, query tokens after them, to one predicted embedding of `dim`.

    Attention is bidirectional, pads are neither attended to nor pooled, positions count the tokens that
    are no pads, so that neither padding nor batch changes a row.
    """

    def __init__(self, config: VLJEPAConfig) -> None:
        super().__init__()
        self.config = config.predictor_config
        # outside of a whole transformers model nothing chooses this
        self.config._attn_implementation = self.config._attn_implementation or "sdpa"
        hidden = self.config.hidden_size
        self.vision_proj = nn.Linear(config.x_width, hidden)
        self.embed_tokens = _own_table(config)
        self.query_proj = _query_proj(config)
        self.layers = nn.ModuleList(
            LlamaDecoderLayer(self.config, layer) for layer in range(self.config.num_hidden_layers)
        )
        layer: Any
        for layer in self.layers:
            # without a mask, scaled-dot-product attention goes by this flag and would be causal
            layer.self_attn.is_causal = False
            # a block adds nothing at the start: the predictor begins as a linear path from the visual
            # tokens, which a small training set cannot over-fit at once
            layer.self_attn.o_proj.starts_at_zero = layer.mlp.down_proj.starts_at_zero = True
        self.norm = LlamaRMSNorm(hidden, eps=self.config.rms_norm_eps)
        self.rotary_emb = LlamaRotaryEmbedding(config=self.config)
        self.head = nn.Linear(hidden, config.dim)

    def forward(
        self,
        visual: torch.Tensor,
        visual_mask: torch.Tensor,
        query: torch.Tensor | None = None,
        query_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Predicted embeddings [n, dim], not normalised.

        Args:
            visual: float [n, v, x_width]; `visual_mask` bool [n, v], False at pads.
            query: token embeddings float [n, q, width], or None for a query-free prediction.
            query_mask: bool [n, q], False at pads.
        """
        hidden, mask = self.vision_proj(visual), visual_mask
        if query is not None and query_mask is not None:
            hidden = torch.cat([hidden, self.query_proj(query)], dim=1)
            mask = torch.cat([mask, query_mask], dim=1)
        return self.head(masked_mean(self._blocks(hidden, mask), mask))  # type: ignore[no-any-return]

    def _blocks(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        positions = (mask.long().cumsum(1) - 1).clamp(min=0)
        rotary = self.rotary_emb(hidden, position_ids=positions)
        attention = create_bidirectional_mask(self.config, hidden, mask.long())
        for layer in self.layers:
            hidden = layer(hidden, attention_mask=attention, position_embeddings=rotary)
        return self.norm(hidden)  # type: ignore[no-any-return]


def masked_mean(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of [n, tokens, width] over the tokens whose `mask` [n, tokens] is True."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)


def _own_table(config: VLJEPAConfig) -> nn.Embedding | None:
    if config.query_embeddings == "y_encoder":
        return None
    table = nn.Embedding(config.predictor_config.vocab_size, config.predictor_config.hidden_size)
    # frozen: the paper's 490M trainable parameters leave the token table out
    return table.requires_grad_(False)


def _query_proj(config: VLJEPAConfig) -> nn.Module:
    if config.query_embeddings == "own":
        return nn.Identity()
    return nn.Linear(config.y_config.hidden_size, config.predictor_config.hidden_size)
