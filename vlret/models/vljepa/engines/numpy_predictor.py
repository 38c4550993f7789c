"""The predictor of vljepa-mini in numpy: it takes a hundredth of the X-encoder's time, and needs no torch.

The torch predictor (predictor.py) is the oracle that the tests hold this against.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlret.types import Vectors

Array = NDArray[np.float32]


class NumpyPredictor:
    """Llama blocks, with attention in both directions, over visual tokens and a query token behind them."""

    def __init__(self, weights: Mapping[str, Array], config: Mapping[str, Any]) -> None:
        """`weights` by their names in predictor.safetensors, as float32; `config` is the predictor_config."""
        self.weights = weights
        self.heads: int = config["num_attention_heads"]
        self.layers: int = config["num_hidden_layers"]
        self.eps: float = config["rms_norm_eps"]
        self.theta: float = config["rope_parameters"]["rope_theta"]

    def predict(self, visual: Array, query: Array | None) -> Vectors:
        """Return embeddings float32 [n, dim], not normalised.

        Args:
            visual: float32 [n, tokens, x_width].
            query: float32 [1, y_width], the Y-encoder's pooled state of the query, or None.
        """
        hidden = self._linear(visual, "vision_proj")
        if query is not None:
            asked = np.broadcast_to(self._linear(query, "query_proj"), (len(hidden), 1, hidden.shape[-1]))
            hidden = np.concatenate([hidden, asked], axis=1)
        for layer in range(self.layers):
            hidden = self._block(hidden, f"layers.{layer}")
        return self._linear(self._norm(hidden, "norm").mean(1), "head")

    def _block(self, hidden: Array, name: str) -> Array:
        hidden = hidden + self._attention(self._norm(hidden, f"{name}.input_layernorm"), f"{name}.self_attn")
        x = self._norm(hidden, f"{name}.post_attention_layernorm")
        gate, up = (self._linear(x, f"{name}.mlp.{part}_proj") for part in ("gate", "up"))
        with np.errstate(over="ignore"):  # gate / infinity is 0, as it should be
            gate = gate / (1 + np.exp(-gate))
        return hidden + self._linear(gate * up, f"{name}.mlp.down_proj")

    def _attention(self, hidden: Array, name: str) -> Array:
        n, length, width = hidden.shape
        query, key, value = (
            self._linear(hidden, f"{name}.{part}_proj").reshape(n, length, self.heads, -1).swapaxes(1, 2)
            for part in "qkv"
        )
        cos, sin = self._rotary(length, width // self.heads)
        query, key = (x * cos + _rotate_half(x) * sin for x in (query, key))
        scores = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(query.shape[-1]))
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        return self._linear((weights @ value).swapaxes(1, 2).reshape(n, length, width), f"{name}.o_proj")

    def _rotary(self, length: int, width: int) -> tuple[Array, Array]:
        """Cosines and sines float32 [length, width] of rotary positions."""
        frequencies = self.theta ** -(np.arange(0, width, 2) / width)
        angles = np.tile(np.outer(np.arange(length), frequencies), 2)
        return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)

    def _linear(self, x: Array, name: str) -> Array:
        # one product of matrices: numpy would make one for each clip
        rows = x.reshape(-1, x.shape[-1]) @ self.weights[f"{name}.weight"].T
        bias = self.weights.get(f"{name}.bias")
        return np.asarray(rows if bias is None else rows + bias).reshape(*x.shape[:-1], -1)

    def _norm(self, x: Array, name: str) -> Array:
        scale = 1 / np.sqrt((x**2).mean(-1, keepdims=True) + np.float32(self.eps))
        return np.asarray(x * scale * self.weights[f"{name}.weight"])


def _rotate_half(x: Array) -> Array:
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([-second, first], axis=-1)
