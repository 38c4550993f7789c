"""Where the frames of a clip are chosen: the times at which it is sampled."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from vlret.errors import UsageError
from vlret.media.info import MediaInfo
from vlret.media.unreadable_error import UnreadableError
from vlret.types import Clip

Times = NDArray[np.float64]


def _midpoint(start: float, end: float, n: int, frame_s: float) -> Times:
    """The middle of each of n equal segments: distinct frames as long as there are n, neither end preferred."""
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
    """Return the times float64 [n] in seconds of n frames of the clip `[start, end)`, in ascending order.

    Args:
        start, end: the clip in seconds.
        n: number of frames, at least 1.
        rule: "midpoint" or "endpoints".
        frame_s: how long one frame is shown, in seconds; "endpoints" stops that long before `end`.

    Raises:
        UsageError: unknown rule, n < 1, or an empty clip.
    """
    check_sampling(n, rule)
    if end <= start:
        raise UsageError(
            f"{n} frames of [{start}, {end}) s were requested.",
            "Give an end after the start.",
            code="invalid_span",
            start=start,
            end=end,
        )
    return RULES[rule](start, end, n, frame_s)


def check_sampling(n_frames: int, rule: str) -> None:
    """Raise UsageError unless `rule` is known and `n_frames` is at least 1."""
    if rule not in RULES:
        raise UsageError(
            f"Unknown frame sampling {rule!r}.",
            f"Known: {', '.join(RULES)}.",
            code="unknown_sampling",
            given=rule,
            allowed=tuple(RULES),
        )
    if not isinstance(n_frames, Integral) or n_frames < 1:
        raise UsageError(
            f"{n_frames} frames of a clip were requested.",
            "Give 1 or more.",
            code="not_a_count",
            given=n_frames,
        )


def clip_times(clip: Clip, info: MediaInfo, n_frames: int, sampling: str) -> Times:
    """Return the times float64 [n] in seconds of a clip's frames; one for an image.

    Raises:
        MediaError: the clip starts after the end of its video ("clip_past_end").
    """
    if info.kind == "image":
        return np.zeros(1)
    end_s = info.duration if clip.start < info.duration else info.shown_until
    if clip.start >= end_s:
        reason = f"the clip starts at {clip.start} s, the video ends at {end_s:.3f} s"
        raise UnreadableError(clip.path, reason, "", code="clip_past_end", start=clip.start, end=end_s)
    end = min(end_s, clip.end if clip.end is not None else end_s)
    return sample_times(clip.start, end, n_frames, sampling, frame_s=1 / info.fps if info.fps else 1e-3)
