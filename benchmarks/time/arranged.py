"""Visual tokens of a clip whose frames stand in other orders; frames that are encoded alone are encoded once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vlret.models.base import Embedder
from vlret.types import Pixels, Tokens

Order = NDArray[np.int64]


def arranged(embedder: Embedder, pixels: Pixels, orders: Sequence[Order]) -> list[Tokens]:
    """Return the tokens [tokens, width] of a clip uint8 [t, h, w, 3] for each of several choices of its frames."""
    if not embedder.encodes_frames_alone:
        return [embedder.encode_pixels([pixels[order]])[0] for order in orders]
    tokens = embedder.encode_pixels([pixels])[0]
    frames = tokens.reshape(len(pixels), -1, tokens.shape[1])
    return [frames[order].reshape(-1, tokens.shape[1]) for order in orders]


def over_time(tokens: Tokens, parts: int) -> NDArray[np.float32]:
    """Return tokens in order of time as one vector: the mean of each of `parts` equal parts, one after the other."""
    return tokens.reshape(parts, -1, tokens.shape[1]).mean(1).ravel()


def orders_of(frames: int, rng: np.random.Generator) -> dict[str, Order]:
    """Return the arrangements of `frames` frames that are compared: as filmed, changed, and each half alone."""
    forward = np.arange(frames)
    return {
        "forward": forward,
        "reversed": forward[::-1],
        "shuffled": _shuffled(forward, rng),
        "first half": forward[: frames // 2],
        "second half": forward[frames // 2 :],
    }


def _shuffled(forward: Order, rng: np.random.Generator) -> Order:
    """A random order that is neither as filmed nor reversed, where there is one."""
    order = rng.permutation(forward)
    plain = (forward, forward[::-1])
    while len(forward) > 2 and any(np.array_equal(order, one) for one in plain):
        order = rng.permutation(forward)
    return order
