"""At which times of a clip frames are looked at."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from vlret.errors import UsageError

Times = NDArray[np.float64]


def _midpoint(start: float, end: float, n: int, frame_s: float) -> Times:
    """The middle of each of n equal parts: no frame twice as long as there are n, no end preferred."""
    return start + (np.arange(n) + 0.5) * (end - start) / n


def _endpoints(start: float, end: float, n: int, frame_s: float) -> Times:
    """First and last frame included: frame `int(i * (N - 1) / (n - 1))` of N, as Perception Encoder does."""
    last = max(start, end - frame_s)
    return np.linspace(start, last, n)


RULES: dict[str, Callable[[float, float, int, float], Times]] = {
    "midpoint": _midpoint,
    "endpoints": _endpoints,
}


def sample_times(start: float, end: float, n: int, rule: str = "midpoint", *, frame_s: float = 1e-3) -> Times:
    """Times float64 [n] in seconds of n frames of the clip `[start, end)`, in rising order.

    Args:
        start, end: the clip in seconds.
        n: number of frames, at least 1.
        rule: "midpoint" or "endpoints".
        frame_s: how long one frame is shown, in seconds; "endpoints" stops that long before `end`.

    Raises:
        UsageError: unknown rule, n < 1, or an empty clip.
    """
    if rule not in RULES:
        raise UsageError(f"Frame sampling {rule!r} is not known.", f"Known: {', '.join(RULES)}.")
    if not isinstance(n, Integral) or n < 1 or end <= start:
        raise UsageError(f"{n} frames of [{start}, {end}) s were asked for.", "Ask for 1 or more of a clip.")
    return RULES[rule](start, end, n, frame_s)
