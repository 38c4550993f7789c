"""A BERT-like Y-encoder in numpy.

A search embeds one sentence: importing torch and transformers for it would take longer than everything
else together. The torch Y-encoder (encoders.py) is the oracle that the tests hold this against.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from vlret.errors import ModelError
from vlret.models.fields import number, whole, wrong
from vlret.models.folder import AGAIN
from vlret.models.vljepa.checks import existing, refuse_mismatch
from vlret.models.weights import read_header, require_tensor
from vlret.threads import one_thread
from vlret.types import Vectors

Array = NDArray[np.float32]
_FEW_TEXTS = 16
"""Up to so many texts, threads wait for each other longer than they compute."""
_TABLES = "model.embeddings"
_ROWS = {"word": "vocab_size", "position": "max_position_embeddings", "token_type": "type_vocab_size"}


class NumpyYEncoder:
    """Token ids to target embeddings; every text runs with others of its own length, so nothing is padded."""

    def __init__(self, file: Path, config: dict[str, Any], dim: int) -> None:
        """Read the weights in `file` of the y_config `config`, for vectors of `dim` numbers.

        Raises:
            ModelError: they are missing or damaged, or do not fit.
        """
        _check_fit(existing(file), config, dim)
        self.heads: int = config["num_attention_heads"]
        self.layers: int = config["num_hidden_layers"]
        self.eps: float = config["layer_norm_eps"]
        # matrices in float32; the int8 token table stays as it is, only the rows needed are widened
        self.weights: dict[str, Any] = {
            key.removeprefix("y_encoder."): _widened(value) for key, value in load_file(file).items()
        }

    def embed(self, texts: Sequence[list[int]]) -> Vectors:
        """Return target embeddings float32 [n, dim], not normalised, of lists of token ids."""
        return self._linear(self.pool(texts), "head")

    def pool(self, texts: Sequence[list[int]], batch: int = 64) -> Array:
        """Return the means of the last hidden states, float32 [n, hidden]."""
        with one_thread() if len(texts) <= _FEW_TEXTS else nullcontext():
            return self._pool(texts, batch)

    def _pool(self, texts: Sequence[list[int]], batch: int) -> Array:
        rows: list[Array] = [np.empty(0, np.float32)] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for group in _groups(order, [len(ids) for ids in texts], batch):
            for i, row in zip(group, self._pooled(np.array([texts[i] for i in group])), strict=True):
                rows[i] = row
        return np.stack(rows)

    def _pooled(self, ids: NDArray[np.int64]) -> Array:
        hidden = self._embeddings(ids)
        for layer in range(self.layers):
            hidden = self._layer(hidden, f"model.encoder.layer.{layer}")
        return np.asarray(hidden.mean(1))

    def _embeddings(self, ids: NDArray[np.int64]) -> Array:
        length = ids.shape[1]
        words = self._token_rows(ids)
        positions = self.weights["model.embeddings.position_embeddings.weight"][:length]
        kinds = self.weights["model.embeddings.token_type_embeddings.weight"][0]
        return self._norm(words + positions + kinds, "model.embeddings.LayerNorm")

    def _token_rows(self, ids: NDArray[np.int64]) -> Array:
        name = "model.embeddings.word_embeddings"
        rows: Array = self.weights[f"{name}.weight"][ids].astype(np.float32)
        scale = self.weights.get(f"{name}.scale")
        return rows if scale is None else rows * scale[ids]

    def _layer(self, hidden: Array, name: str) -> Array:
        attended = self._linear(self._attention(hidden, name), f"{name}.attention.output.dense")
        hidden = self._norm(hidden + attended, f"{name}.attention.output.LayerNorm")
        inner = _gelu(self._linear(hidden, f"{name}.intermediate.dense"))
        return self._norm(hidden + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _attention(self, hidden: Array, name: str) -> Array:
        n, length, width = hidden.shape
        query, key, value = (
            self._linear(hidden, f"{name}.attention.self.{part}")
            .reshape(n, length, self.heads, -1)
            .transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width / self.heads))
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        return np.asarray((weights @ value).transpose(0, 2, 1, 3).reshape(n, length, width))

    def _linear(self, x: Array, name: str) -> Array:
        # One product of matrices: numpy would make one for each text, which takes twice as long.
        rows = x.reshape(-1, x.shape[-1]) @ self.weights[f"{name}.weight"].T
        return np.asarray(rows + self.weights[f"{name}.bias"]).reshape(*x.shape[:-1], -1)

    def _norm(self, x: Array, name: str) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        scale = 1 / np.sqrt((centred**2).mean(-1, keepdims=True) + self.eps)
        return np.asarray(centred * scale * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"])


def _check_fit(file: Path, config: dict[str, Any], dim: int) -> None:
    """Set config.json against the header of the weights, before any of them is read."""
    header = {key.removeprefix("y_encoder."): tensor for key, tensor in read_header(file).items()}
    try:
        layers = whole(config, "num_hidden_layers", 1, len(header))
        hidden, inner = (whole(config, name, 1, 1 << 24) for name in ("hidden_size", "intermediate_size"))
        if hidden % whole(config, "num_attention_heads", 1, hidden):
            raise wrong("num_attention_heads", config["num_attention_heads"], f"a divisor of {hidden}")
        number(config, "layer_norm_eps", 0, 1)
    except ValueError as error:
        raise ModelError(
            f"Damaged y_config of {file.parent}: {error}.", AGAIN, code="damaged_config", path=file.parent
        ) from error
    rows = {f"{_TABLES}.{name}_embeddings.weight": config.get(field) for name, field in _ROWS.items()}
    expected: dict[str, Any] = {name: (count, hidden) for name, count in rows.items()}
    table = f"{_TABLES}.word_embeddings"
    int8 = f"{table}.scale" in header
    expected |= {f"{table}.scale": (config.get("vocab_size"), 1)} if int8 else {}
    expected |= _norm(f"{_TABLES}.LayerNorm", hidden) | _linear("head", hidden, dim)
    for layer in range(layers):
        expected |= _layer_shapes(f"model.encoder.layer.{layer}", hidden, inner)
    refuse_mismatch(str(file), expected.keys() - header.keys(), header.keys() - expected.keys())
    for key, shape in expected.items():
        dtypes = ("I8",) if int8 and key == f"{table}.weight" else ("F16", "F32")
        require_tensor(file, key, header[key], shape, dtypes)


def _layer_shapes(name: str, hidden: int, inner: int) -> dict[str, tuple[int, ...]]:
    shapes = _norm(f"{name}.attention.output.LayerNorm", hidden) | _norm(f"{name}.output.LayerNorm", hidden)
    for part in ("self.query", "self.key", "self.value", "output.dense"):
        shapes |= _linear(f"{name}.attention.{part}", hidden, hidden)
    shapes |= _linear(f"{name}.intermediate.dense", hidden, inner)
    return shapes | _linear(f"{name}.output.dense", inner, hidden)


def _linear(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _widened(value: NDArray[Any]) -> NDArray[Any]:
    return value if value.dtype == np.int8 else value.astype(np.float32)


def _groups(order: list[int], lengths: list[int], batch: int) -> list[list[int]]:
    """Indices in runs of equal length, at most `batch` each."""
    groups: list[list[int]] = []
    for i in order:
        if groups and len(groups[-1]) < batch and lengths[groups[-1][0]] == lengths[i]:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def _gelu(x: Array) -> Array:
    """Exact GELU with erf by Abramowitz and Stegun 7.1.26 (error below 1.5e-7); numpy has no erf."""
    z = np.abs(x) * np.float32(0.5**0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(x) * (1 - poly * np.exp(-z * z))
    return np.asarray(0.5 * x * (1 + erf), dtype=np.float32)
