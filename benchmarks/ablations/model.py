"""The model of a setting: a small predictor that begins at random over cached tokens, and MiniLM as published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.ablations.settings import Setting
from benchmarks.features import GRID
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.models.vljepa.predictor import Predictor
from vlret.training.initial import initial_model
from vlret.training.recipe import read_recipe

RECIPE = Path("recipes/mini/recipe.toml")
HEADS, WIDTH, INNER = 6, 384, 1024
"""Of the predictor; its tokens are as wide as those of MiniLM, whose token table reads its queries."""


class CausalPredictor(Predictor):
    """A predictor whose language model's mask was kept: a token sees itself and those before it."""

    def _blocks(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        positions = (mask.long().cumsum(1) - 1).clamp(min=0)
        rotary = self.rotary_emb(hidden, position_ids=positions)
        count = mask.shape[1]
        seen = torch.ones(count, count, dtype=torch.bool).tril() & mask[:, None, None]
        for layer in self.layers:
            hidden = layer(hidden, attention_mask=seen, position_embeddings=rotary)
        return self.norm(hidden)


def build(setting: Setting, seed: int) -> VLJEPAModel:
    """Return the model of a setting before training; its random weights follow from `seed`.

    The predictor reads queries by a frozen copy of MiniLM's token table, as the paper's does by Llama's.
    """
    torch.manual_seed(seed)
    recipe = read_recipe(RECIPE)
    blocks = {
        "hidden_size": WIDTH, "intermediate_size": INNER, "num_hidden_layers": setting.depth,
        "num_attention_heads": HEADS, "num_key_value_heads": HEADS,
    }  # fmt: skip
    predictor = recipe.model["predictor_config"] | blocks
    fields = {
        "grid": GRID,
        "query_embeddings": "own",
        "int8_embeddings": False,
        "predictor_config": predictor,
    }
    model = initial_model(replace(recipe, model=recipe.model | fields))
    table = model.y_encoder.model.get_input_embeddings().weight
    model.predictor.embed_tokens.weight.data.copy_(table)
    if setting.causal:
        causal = CausalPredictor(model.config)
        causal.load_state_dict(model.predictor.state_dict())
        model.predictor = causal
    return model.eval()
