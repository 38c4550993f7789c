"""When a video is described: fixed rates, selective decoding, and what both are measured against.

Each method is a function from a video and one setting to `Sentences`, entered in `METHODS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlret.evaluation.standalone.selective.video import Floats, Sentences, WindowedVideo
from vlret.segmentation.cost import Starts, segment_means
from vlret.segmentation.event_settings import EventSettings
from vlret.segmentation.events import EventDetector
from vlret.segmentation.optimal import optimal_starts
from vlret.segmentation.ward import ward_starts
from vlret.vectors import unit_rows

INTERVALS_S = (0.5, 1.0, 2.0, 2.85, 5.0, 6.67, 10.0, 13.3, 20.0, 50.0, 100.0)
"""Seconds per decode, as in the paper's figure 4."""
LEAST_ERRORS = (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3)
"""Thresholds of the on-line detector: the lower, the more events."""
SHOT_THRESHOLD = 27.0
"""That of PySceneDetect's content detector."""
DELAY_S = 3.0
"""The longest delay of the on-line methods, from the middle of an event's first window."""
SEED = 0


@dataclass(frozen=True, slots=True)
class Method:
    """A way to choose when to describe.

    Attributes:
        name: as results show it.
        setting: what is varied along the curve: "interval_s", "least_error" or "threshold".
        values: the settings.
        describe: what it says of a video with one of them.
    """

    name: str
    setting: str
    values: tuple[float, ...]
    describe: Callable[[WindowedVideo, float], Sentences]


def uniform(video: WindowedVideo, interval_s: float) -> Sentences:
    """The window in the middle of each interval."""
    return _exact(video, _equal_starts(video, interval_s))


def uniform_pooled(video: WindowedVideo, interval_s: float) -> Sentences:
    """The mean of the windows of each interval."""
    return _pooled(video, _equal_starts(video, interval_s))


def selective(video: WindowedVideo, interval_s: float) -> Sentences:
    """The window in the middle of each of Ward's segments (paper)."""
    return _exact(video, ward_starts(video.vectors, _count(video, interval_s)))


def selective_pooled(video: WindowedVideo, interval_s: float) -> Sentences:
    """The mean of each of Ward's segments (paper)."""
    return _pooled(video, ward_starts(video.vectors, _count(video, interval_s)))


def optimum(video: WindowedVideo, interval_s: float) -> Sentences:
    """The window in the middle of each segment of the least cost."""
    return _exact(video, optimal_starts(video.vectors, _count(video, interval_s)))


def frame_difference(video: WindowedVideo, interval_s: float) -> Sentences:
    """The window in the middle of each segment between the largest differences of frames."""
    largest = np.argsort(-video.changes[1:], kind="stable")[: _count(video, interval_s) - 1] + 1
    return _exact(video, np.sort(np.append(0, largest)).astype(np.int64))


def random_times(video: WindowedVideo, interval_s: float) -> Sentences:
    """Windows at random; each stands for the time that is nearest to it."""
    rng = np.random.default_rng(SEED)
    rows = np.sort(rng.choice(len(video), _count(video, interval_s), replace=False))
    times_s = video.centres_s[rows]
    borders_s = (times_s[:-1] + times_s[1:]) / 2
    return _sentences(video, borders_s, times_s, video.vectors[rows])


def shot_cuts(video: WindowedVideo, _threshold: float) -> Sentences:
    """The window in the middle of each shot that PySceneDetect finds."""
    return _exact(video, _shot_starts(video))


def selective_at_shots(video: WindowedVideo, _threshold: float) -> Sentences:
    """`selective` with as many decodes as there are shots."""
    return _exact(video, ward_starts(video.vectors, len(_shot_starts(video))))


def online(video: WindowedVideo, least_error: float) -> Sentences:
    """Events as they happen; each is decoded."""
    return _online(video, least_error, reuse_cosine=None)


def online_reuse(video: WindowedVideo, least_error: float) -> Sentences:
    """Events as they happen; one that looks like an earlier one takes its text."""
    return _online(video, least_error, EventSettings().reuse_cosine)


def _online(video: WindowedVideo, least_error: float, reuse_cosine: float | None) -> Sentences:
    half_s = float(np.median(video.ends_s - video.starts_s)) / 2  # a window is known at its end
    settings = EventSettings(delay_s=DELAY_S - half_s, least_error=least_error, reuse_cosine=reuse_cosine)
    detector = EventDetector(settings)
    pushed = (
        detector.push(time_s, row) for time_s, row in zip(video.ends_s.tolist(), video.vectors, strict=True)
    )
    events = [event for event in (*pushed, detector.flush()) if event]
    starts_s = np.array([event.start_s for event in events]) - half_s
    said = _sentences(video, starts_s[1:], None, np.stack([event.vector for event in events]))
    source = [event.number if event.reuses is None else event.reuses for event in events]
    delays_s = np.array([event.decided_s for event in events]) - starts_s
    return Sentences(
        said.starts_s, said.ends_s, said.times_s, said.vectors, np.array(source, np.int64), delays_s
    )


def _count(video: WindowedVideo, interval_s: float) -> int:
    """How many decodes make one every `interval_s`, one for each window at most."""
    return min(len(video), max(1, round(video.duration_s / interval_s)))


def _equal_starts(video: WindowedVideo, interval_s: float) -> Starts:
    n = _count(video, interval_s)
    starts: Starts = np.arange(n) * len(video) // n
    return starts


def _shot_starts(video: WindowedVideo) -> Starts:
    """The first window whose middle is in each shot; shots between two middles have none."""
    return np.unique(np.minimum(np.searchsorted(video.centres_s, video.shots_s), len(video) - 1))


def _exact(video: WindowedVideo, starts: Starts) -> Sentences:
    """One sentence for each segment, from the window in its middle."""
    return _of_segments(video, starts, video.vectors[_middles(video, starts)])


def _pooled(video: WindowedVideo, starts: Starts) -> Sentences:
    """One sentence for each segment, from the mean of its windows."""
    return _of_segments(video, starts, unit_rows(segment_means(video.vectors, starts).astype(np.float32)))


def _of_segments(video: WindowedVideo, starts: Starts, vectors: NDArray[np.float32]) -> Sentences:
    borders_s = (video.centres_s[starts[1:] - 1] + video.centres_s[starts[1:]]) / 2
    return _sentences(video, borders_s, video.centres_s[_middles(video, starts)], vectors)


def _middles(video: WindowedVideo, starts: Starts) -> NDArray[np.int64]:
    """The middle window of each segment, of two the first."""
    ends = np.append(starts[1:], len(video))
    middles: NDArray[np.int64] = (starts + ends - 1) // 2
    return middles


def _sentences(
    video: WindowedVideo, borders_s: Floats, times_s: Floats | None, vectors: NDArray[np.float32]
) -> Sentences:
    """Sentences that stand for the time between `borders_s`, all decoded; said in the middle of it by default."""
    starts_s, ends_s = np.append(0.0, borders_s), np.append(borders_s, video.duration_s)
    said_s = (starts_s + ends_s) / 2 if times_s is None else times_s
    return Sentences(starts_s, ends_s, said_s, vectors, np.arange(len(vectors)))


METHODS = (
    Method("uniform", "interval_s", INTERVALS_S, uniform),
    Method("uniform pooled", "interval_s", INTERVALS_S, uniform_pooled),
    Method("selective", "interval_s", INTERVALS_S, selective),
    Method("selective pooled", "interval_s", INTERVALS_S, selective_pooled),
    Method("optimum", "interval_s", INTERVALS_S, optimum),
    Method("online", "least_error", LEAST_ERRORS, online),
    Method("online, reuse", "least_error", LEAST_ERRORS, online_reuse),
    Method("frame difference", "interval_s", INTERVALS_S, frame_difference),
    Method("random times", "interval_s", INTERVALS_S, random_times),
    Method("shot cuts", "threshold", (SHOT_THRESHOLD,), shot_cuts),
    Method("selective, as many as shots", "threshold", (SHOT_THRESHOLD,), selective_at_shots),
)
