"""Where something new begins in a stream of embeddings, as it arrives: on-line event detection.

The test is that of on-line generic event boundary detection: the error (1 - cosine) / 2 to what was expected, against
a Gaussian fitted to the remembered errors of vectors to their own events (On-GEBD / ESTimator, ICCV 2025,
arXiv:2510.06855). What is expected is a moving average of the current event, as in Event-VStream (arXiv:2601.15655).
The paper on VL-JEPA only mentions the on-line case.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from vlret.errors import UsageError
from vlret.segmentation.event_settings import EventSettings
from vlret.segmentation.reuse import DescribedEvents
from vlret.types import Vectors
from vlret.vectors import unit_vector

_CANDIDATE_AVERAGE_S = 1.0  # the first windows of an event still hold what was before: late ones count more


@dataclass(frozen=True, slots=True)
class Event:
    """The start of something new.

    Attributes:
        number: counts from 0.
        start_s: time of the first vector of it.
        decided_s: time of the vector with which it was announced; `decided_s - start_s <= delay_s`.
        vector: what to describe, float32 [dim] of unit length: a mean of the vectors in between.
        reuses: number of the earlier event whose text fits, or None.
    """

    number: int
    start_s: float
    decided_s: float
    vector: Vectors
    reuses: int | None


class EventDetector:
    """Announces events in a stream of times and unit vectors; its memory does not grow with the stream.

    A vector far from the average of the current event starts a candidate. The candidate is dropped if the stream comes
    back within `min_dwell_s`, else it is announced: when it ends, or as late as `delay_s` allows, because the later
    vectors show less of what was before. The next vector is expected after the same time as the last one. If it comes
    too late for the candidate, the candidate starts anew: behind a gap an event starts at the first vector.
    """

    def __init__(self, settings: EventSettings | None = None) -> None:
        self.settings = settings or EventSettings()
        self._current: _Run | None = None
        self._candidate: _Run | None = None
        self._errors: deque[float] = deque(maxlen=self.settings.memory)
        cosine = self.settings.reuse_cosine
        self._described = None if cosine is None else DescribedEvents(cosine, self.settings.described)
        self._time_s: float | None = None
        self._n_events = 0

    def push(self, time_s: float, vector: Vectors) -> Event | None:
        """Take the next vector and return the event that is now certain, if any.

        Args:
            time_s: when the vector was known (the end of its window), later than the last one.
            vector: float32 [dim] of unit length.

        Raises:
            UsageError: time or vector are something else ("times_not_rising", "not_unit_vectors").
        """
        self._check(time_s, vector)
        step_s = 0.0 if self._time_s is None else time_s - self._time_s
        self._time_s = time_s
        if self._candidate and time_s - self._candidate.start_s > self.settings.delay_s:
            self._candidate = None
        is_new = self._is_new(time_s, vector)
        event = None if is_new else self._end_candidate(time_s)
        if event:
            is_new = self._is_new(time_s, vector)  # compared with the event just announced
        if not is_new and self._current:
            self._errors.append(self._current.add(time_s, vector, self.settings.average_s))
            return event
        self._candidate = self._candidate or _Run(time_s, vector, self.settings.memory)
        self._candidate.add(time_s, vector, _CANDIDATE_AVERAGE_S)
        is_last_chance = time_s + step_s > self._candidate.start_s + self.settings.delay_s
        return self._announce(self._candidate, time_s) if is_last_chance and not event else event

    def flush(self) -> Event | None:
        """Return the event that the end of the stream makes certain, if any."""
        is_first = self._current is None
        return self._end_candidate(self._time_s or 0.0, is_first)

    def _check(self, time_s: float, vector: Vectors) -> None:
        if not math.isfinite(time_s) or (self._time_s is not None and time_s <= self._time_s):
            raise UsageError(
                f"A vector at {time_s} s was given after one at {self._time_s} s.",
                "Give times that rise.",
                code="times_not_rising",
            )
        if np.ndim(vector) != 1 or not abs(np.linalg.norm(vector) - 1) < 0.01:
            raise UsageError(
                f"The vector at {time_s} s is not of unit length.",
                "Give finite numbers [dim], divided by their norm.",
                code="not_unit_vectors",
            )

    def _is_new(self, time_s: float, vector: Vectors) -> bool:
        if self._current is None or time_s - self._current.start_s >= self.settings.max_silence_s:
            return True
        return self._current.error(vector) > self._threshold()

    def _threshold(self) -> float:
        if not self._errors:
            return self.settings.least_error
        usual = float(np.mean(self._errors) + self.settings.deviations * np.std(self._errors))
        return max(usual, self.settings.least_error)

    def _end_candidate(self, time_s: float, is_first: bool = False) -> Event | None:
        """The stream came back or ended: announce the candidate if it was long enough."""
        candidate, self._candidate = self._candidate, None
        if candidate and (is_first or candidate.dwell_s >= self.settings.min_dwell_s):
            return self._announce(candidate, time_s)
        return None

    def _announce(self, candidate: _Run, time_s: float) -> Event:
        vector, number = candidate.direction, self._n_events
        reuses = self._described.find(vector) if self._described else None
        if self._described and reuses is None:
            self._described.add(number, vector)
        self._current, self._candidate = candidate, None
        self._errors.extend(candidate.errors)
        self._n_events += 1
        return Event(number, candidate.start_s, time_s, vector, reuses)


class _Run:
    """Vectors that belong together: when they start and end, their moving average, their last errors."""

    def __init__(self, start_s: float, vector: Vectors, memory: int) -> None:
        self.start_s = self.end_s = start_s
        self.errors: deque[float] = deque(maxlen=memory)
        self._average = vector.astype(np.float32)

    def add(self, time_s: float, vector: Vectors, average_s: float) -> float:
        """Move the average towards `vector`, by the share that `average_s` and the time since the last one give.

        Return the error before.
        """
        error = self.error(vector)
        self.errors.append(error)
        share = -math.expm1((self.end_s - time_s) / average_s)
        self._average = self._average + share * (vector - self._average)
        self.end_s = time_s
        return error

    def error(self, vector: Vectors) -> float:
        """(1 - cosine) / 2 of `vector` to the average."""
        return float(1 - vector @ self.direction) / 2

    @property
    def dwell_s(self) -> float:
        """Seconds from the first to the last vector."""
        return self.end_s - self.start_s

    @property
    def direction(self) -> Vectors:
        """The average at unit length, float32 [dim]."""
        return unit_vector(self._average)
