"""open-vljepa computed from its description alone: plain PyTorch over the files, no transformers, no vlret.

What is compared with it: V-JEPA 2's encoder, Llama's layers without a causal mask, Gemma 3's text layers, masked means.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import torch
from torch.nn.functional import conv3d, gelu, layer_norm, linear, normalize, silu

State = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Sizes:
    """What the shapes of the weights do not say."""

    x_heads: int
    side: int  # patches on a side of a frame
    llama_heads: int
    llama_theta: float
    llama_factor: float
    llama_original: int
    y_heads: int
    y_scalar: float
    y_window: int  # tokens seen on either side in a local layer
    y_pattern: int = 6  # every so many layers one sees all


def clip_embedding(
    frames: torch.Tensor, query: list[int], x: State, state: State, sizes: Sizes
) -> torch.Tensor:
    """[dim], unit length, of normalised frames [t, 3, h, w]; the query padded to 8 more places than it has tokens."""
    visual = vjepa2(frames, x, sizes)
    ids = torch.tensor(query + [0] * 8)
    real = torch.cat([torch.ones(len(visual)), torch.ones(len(query)), torch.zeros(8)]).bool()
    hidden = torch.cat([
        linear(visual, state["predictor.vis_proj.weight"], state["predictor.vis_proj.bias"]),
        state["predictor.embed_tokens.weight"][ids],
    ])  # fmt: skip
    hidden = llama(hidden, real, state, sizes)
    mean = hidden[real].mean(0)
    return normalize(
        linear(mean, state["predictor.out_proj.weight"], state["predictor.out_proj.bias"]), dim=0
    )


def text_embedding(tokens: list[int], state: State, sizes: Sizes) -> torch.Tensor:
    """[dim], unit length, of the tokens of a text padded to 5 more places."""
    real = torch.tensor([True] * len(tokens) + [False] * 5)
    hidden = gemma(torch.tensor(tokens + [0] * 5), real, state, sizes)
    mean = hidden[real].mean(0)
    return normalize(
        linear(mean, state["y_encoder.projector.weight"], state["y_encoder.projector.bias"]), dim=0
    )


def vjepa2(frames: torch.Tensor, x: State, sizes: Sizes) -> torch.Tensor:
    """Tokens [t / 2 * side * side, width]; an odd last frame is repeated."""
    if len(frames) % 2:
        frames = torch.cat([frames, frames[-1:]])
    kernel = x["encoder.embeddings.patch_embeddings.proj.weight"]
    bias = x["encoder.embeddings.patch_embeddings.proj.bias"]
    patches = conv3d(frames.transpose(0, 1)[None], kernel, bias, stride=kernel.shape[2:])
    hidden = patches[0].flatten(1).T
    places = torch.arange(len(hidden))
    area = sizes.side**2
    axes = (places // area, places % area // sizes.side, places % sizes.side)
    for name in layers(x, "encoder.layer."):
        hidden = hidden + vjepa2_attention(
            norm(hidden, x, f"{name}.norm1"), x, f"{name}.attention", axes, sizes.x_heads
        )
        inner = gelu(dense(norm(hidden, x, f"{name}.norm2"), x, f"{name}.mlp.fc1"))
        hidden = hidden + dense(inner, x, f"{name}.mlp.fc2")
    return norm(hidden, x, "encoder.layernorm")


def vjepa2_attention(
    hidden: torch.Tensor, x: State, name: str, axes: tuple[torch.Tensor, ...], heads: int
) -> torch.Tensor:
    """Three thirds of a head's numbers are turned by time, row and column; what does not divide stays."""
    query, key, value = (dense(hidden, x, f"{name}.{part}").unflatten(1, (heads, -1)).transpose(0, 1)
                         for part in ("query", "key", "value"))  # fmt: skip
    third = query.shape[-1] // 3 // 2 * 2
    for rows in (query, key):
        for axis, place in enumerate(axes):
            part = slice(axis * third, (axis + 1) * third)
            rows[..., part] = turned_in_pairs(rows[..., part].clone(), place)
    return dense(attention(query, key, value, query.shape[-1] ** -0.5), x, f"{name}.proj")


def turned_in_pairs(rows: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """Neighbours are a pair, yet the angles are repeated half by half: so V-JEPA 2 was trained."""
    half = rows.shape[-1] // 2
    angles = place[:, None] * 10000.0 ** (-torch.arange(half) / half)
    angles = torch.cat([angles, angles], 1)
    crossed = torch.empty_like(rows)
    crossed[..., 0::2], crossed[..., 1::2] = -rows[..., 1::2], rows[..., 0::2]
    return rows * angles.cos() + crossed * angles.sin()


def llama(hidden: torch.Tensor, real: torch.Tensor, state: State, sizes: Sizes) -> torch.Tensor:
    """All layers and the last norm; places are counted through, pads are not attended to."""
    for name in layers(state, "predictor.layers."):
        read = rms(hidden, state[f"{name}.input_layernorm.weight"], 1e-5)
        width = state[f"{name}.self_attn.q_proj.weight"].shape[0] // sizes.llama_heads
        angles = torch.arange(len(hidden))[:, None] * llama3_frequencies(width, sizes)
        query, key, value = (
            linear(read, state[f"{name}.self_attn.{part}_proj.weight"])
            .unflatten(1, (-1, width))
            .transpose(0, 1)
            for part in "qkv"
        )
        query, key = turned_in_halves(query, angles), turned_in_halves(key, angles)
        seen = attention(query, *shared(key, value, sizes.llama_heads), width**-0.5, real[None])
        hidden = hidden + linear(seen, state[f"{name}.self_attn.o_proj.weight"])
        read = rms(hidden, state[f"{name}.post_attention_layernorm.weight"], 1e-5)
        hidden = hidden + gated(read, state, f"{name}.mlp", silu)
    return rms(hidden, state["predictor.norm.weight"], 1e-5)


def llama3_frequencies(width: int, sizes: Sizes) -> torch.Tensor:
    """Long waves are stretched by the factor, short ones kept, those between mixed (low 1, high 4)."""
    found = []
    for n in range(0, width, 2):
        frequency = sizes.llama_theta ** (-n / width)
        turns = sizes.llama_original * frequency / (2 * pi)
        kept = min(1.0, max(0.0, (turns - 1) / (4 - 1)))
        found.append(kept * frequency + (1 - kept) * frequency / sizes.llama_factor)
    return torch.tensor(found)


def gemma(ids: torch.Tensor, real: torch.Tensor, state: State, sizes: Sizes) -> torch.Tensor:
    """All layers and the last norm: attention in both directions, in local layers over a window."""
    table = state["y_encoder.model.embed_tokens.weight"]
    hidden = table[ids] * sqrt(table.shape[1])
    distance = (torch.arange(len(ids))[:, None] - torch.arange(len(ids))).abs()
    for number, name in enumerate(layers(state, "y_encoder.model.layers.")):
        is_local = bool((number + 1) % sizes.y_pattern)
        mask = real[None] & (distance <= sizes.y_window) if is_local else real[None]
        mask = mask | (distance == 0)  # a pad far from all others reads itself, and is read by none
        seen = gemma_attention(
            one_plus(hidden, state, f"{name}.input_layernorm"), state, f"{name}.self_attn", mask,
            10_000.0 if is_local else 1_000_000.0, sizes,
        )  # fmt: skip
        hidden = hidden + one_plus(seen, state, f"{name}.post_attention_layernorm")
        inner = gated(
            one_plus(hidden, state, f"{name}.pre_feedforward_layernorm"), state, f"{name}.mlp",
            lambda values: gelu(values, approximate="tanh"),
        )  # fmt: skip
        hidden = hidden + one_plus(inner, state, f"{name}.post_feedforward_layernorm")
    return one_plus(hidden, state, "y_encoder.model.norm")


def gemma_attention(
    hidden: torch.Tensor, state: State, name: str, mask: torch.Tensor, theta: float, sizes: Sizes
) -> torch.Tensor:
    width = state[f"{name}.q_norm.weight"].shape[0]
    query, key, value = (
        linear(hidden, state[f"{name}.{part}_proj.weight"]).unflatten(1, (-1, width)).transpose(0, 1)
        for part in "qkv"
    )
    query, key = one_plus(query, state, f"{name}.q_norm"), one_plus(key, state, f"{name}.k_norm")
    angles = torch.arange(len(hidden))[:, None] * theta ** (-torch.arange(0, width, 2) / width)
    query, key = turned_in_halves(query, angles), turned_in_halves(key, angles)
    seen = attention(query, *shared(key, value, sizes.y_heads), sizes.y_scalar**-0.5, mask)
    return linear(seen, state[f"{name}.o_proj.weight"])


def turned_in_halves(rows: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    first, second = rows.chunk(2, -1)
    return torch.cat(
        [first * angles.cos() - second * angles.sin(), second * angles.cos() + first * angles.sin()], -1
    )


def shared(key: torch.Tensor, value: torch.Tensor, heads: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Each head of keys and values serves several of queries in a row."""
    times = heads // len(key)
    return key.repeat_interleave(times, 0), value.repeat_interleave(times, 0)


def attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    scale: float,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """[n, heads * width] of [heads, n, width]; `mask` is True where a place may be read."""
    scores = query @ key.transpose(1, 2) * scale
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return (scores.softmax(-1) @ value).transpose(0, 1).flatten(1)


def gated(read: torch.Tensor, state: State, name: str, activation) -> torch.Tensor:  # type: ignore[no-untyped-def]
    gate, up = (linear(read, state[f"{name}.{part}_proj.weight"]) for part in ("gate", "up"))
    return linear(activation(gate) * up, state[f"{name}.down_proj.weight"])


def rms(hidden: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    return hidden / (hidden.pow(2).mean(-1, keepdim=True) + eps).sqrt() * weight


def one_plus(hidden: torch.Tensor, state: State, name: str) -> torch.Tensor:
    """Gemma keeps what is to be added to one."""
    return rms(hidden, 1 + state[f"{name}.weight"], 1e-6)


def dense(hidden: torch.Tensor, state: State, name: str) -> torch.Tensor:
    return linear(hidden, state[f"{name}.weight"], state[f"{name}.bias"])


def norm(hidden: torch.Tensor, x: State, name: str) -> torch.Tensor:
    return layer_norm(hidden, hidden.shape[-1:], x[f"{name}.weight"], x[f"{name}.bias"], 1e-6)


def layers(state: State, start: str) -> list[str]:
    numbers = {int(key.removeprefix(start).partition(".")[0]) for key in state if key.startswith(start)}
    return [f"{start}{number}" for number in sorted(numbers)]
