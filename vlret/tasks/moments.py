"""Moments: when in a video the answer to a query begins and ends, cut from the curve of its scores over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vlret.index.index import Index
from vlret.types import Ids, Vectors

if TYPE_CHECKING:
    from vlret.index.windows import Windows

LEVEL = 0.6
"""Chosen on dev videos: docs/moments.md."""
_SAMPLE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class ScoreCurve:
    """How well each window of a video fits a query.

    Attributes:
        times_s: the middles of the windows in seconds, float64 [n], ascending, n at least 1.
        scores: cosines, float32 [n].
        start, end: the part of the video that the windows cover, in seconds.
        baseline: the median cosine of unrelated clips.
    """

    times_s: NDArray[np.float64]
    scores: NDArray[np.float32]
    start: float
    end: float
    baseline: float


@dataclass(frozen=True, slots=True)
class Moment:
    """`[start, end)` in seconds, and the highest cosine in it."""

    start: float
    end: float
    score: float


def baseline_of(index: Index, vector: Vectors) -> float:
    """The median cosine of a query, float32 [dim], and the clips of an index: of a thousand at even distances.

    That of an index without clips is 0.
    """
    return scores_and_baseline(index, vector, np.empty(0, np.int64))[1]


def scores_and_baseline(index: Index, vector: Vectors, clip_ids: Ids) -> tuple[Vectors, float]:
    """`Index.scores` of these clips, int64 [m], ascending, and `baseline_of`, by one pass over the index."""
    sample = index.clip_ids[:: 1 + len(index) // _SAMPLE]
    if not len(sample):
        return np.empty(0, np.float32), 0.0
    both = np.union1d(clip_ids, sample)
    scores = index.scores(vector, both)
    own, unrelated = (scores[np.searchsorted(both, ids)] for ids in (clip_ids, sample))
    return own, float(np.median(unrelated))


def level_of(baseline: float, peak: float, level: float = LEVEL) -> float:
    """The cosine from which on something fits a query as what has the cosine `peak`."""
    return baseline + level * (peak - baseline)


def curve_of(windows: Windows, vector: Vectors, baseline: float) -> ScoreCurve:
    """The curve of a query, float32 [dim], over the windows of a video."""
    times_s = (windows.starts_s + windows.ends_s) / 2
    start, end = float(windows.starts_s[0]), float(windows.ends_s[-1])
    return ScoreCurve(times_s, windows.vectors @ vector, start, end, baseline)


def moments(curve: ScoreCurve, level: float = LEVEL) -> list[Moment]:
    """The moments of a curve that reach a common level, the best first; none where no score is above the baseline.

    Args:
        level: where a moment ends, as a share of the way from the baseline to the peak, above 0 and below 1.
    """
    gains = _gains(curve, int(curve.scores.argmax()), level)
    found = []
    while gains[peak := int(gains.argmax())] > 0:
        first, last = _span(gains, peak)
        found.append(_moment(curve, first, last))
        gains[first : last + 1] = -np.inf
    return found


def moment_near(curve: ScoreCurve, start: float, end: float, level: float = LEVEL) -> Moment | None:
    """The moment around the highest score in `[start, end)` seconds; None where none there is above the baseline.

    The level is one of that score; it may reach beyond these seconds.
    """
    inside = np.flatnonzero((start <= curve.times_s) & (curve.times_s < end))
    if not len(inside):
        return None
    peak = int(inside[curve.scores[inside].argmax()])
    gains = _gains(curve, peak, level)
    return _moment(curve, *_span(gains, peak)) if gains[peak] > 0 else None


def _gains(curve: ScoreCurve, peak: int, level: float) -> NDArray[np.float64]:
    """How far each score is above the level that belongs to a peak; what is higher than the peak counts as it does."""
    scores = curve.scores.astype(np.float64)
    least = level_of(curve.baseline, scores[peak], level)
    gains: NDArray[np.float64] = np.minimum(scores, scores[peak]) - least
    return gains


def _span(gains: NDArray[np.float64], peak: int) -> tuple[int, int]:
    """First and last window of the span around `peak` with the largest sum: a short dip does not end it."""
    first = peak - int(np.cumsum(gains[peak::-1]).argmax())
    last = peak + int(np.cumsum(gains[peak:]).argmax())
    return first, last


def _moment(curve: ScoreCurve, first: int, last: int) -> Moment:
    """From half-way to the window before until half-way to the window behind."""
    between = (curve.times_s[:-1] + curve.times_s[1:]) / 2
    borders = [curve.start, *between.tolist(), curve.end]
    return Moment(borders[first], borders[last + 1], float(curve.scores[first : last + 1].max()))
