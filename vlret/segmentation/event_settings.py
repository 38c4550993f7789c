"""The settings of `EventDetector`, and what is allowed."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from vlret.errors import UsageError
from vlret.types import check_count


@dataclass(frozen=True, slots=True)
class EventSettings:
    """When something new begins. Times are seconds of the stream.

    Attributes:
        delay_s: an event is announced this long after its start: earlier if it ends before, never later.
        min_dwell_s: what is gone before is no event.
        max_silence_s: without any change, an event starts this long after the start of the last one.
        average_s: time constant of the moving average that vectors are compared with.
        deviations: a vector is new if its error is this many standard deviations above the mean of remembered errors.
        least_error: it is never new below this error, (1 - cosine) / 2.
        memory: errors that are remembered.
        reuse_cosine: an event this near to one described before reuses its text; None: each is described.
        described: events remembered for reuse.
    """

    delay_s: float = 3.0
    min_dwell_s: float = 1.0
    max_silence_s: float = 60.0
    average_s: float = 4.0
    deviations: float = 2.0
    least_error: float = 0.12
    memory: int = 60
    reuse_cosine: float | None = 0.75
    described: int = 256

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            UsageError: a value is out of bounds ("invalid_event_settings").
        """
        for field in fields(self):
            value = getattr(self, field.name)
            is_none = value is None and field.name == "reuse_cosine"
            if not is_none and not (isinstance(value, (int, float)) and math.isfinite(value) and value >= 0):
                self._refuse(field.name, "a number that is not negative")
        if self.min_dwell_s > self.delay_s:
            self._refuse("min_dwell_s", f"at most delay_s, which is {self.delay_s}")
        if self.max_silence_s <= self.delay_s:
            self._refuse("max_silence_s", f"more than delay_s, which is {self.delay_s}")
        for name in ("delay_s", "average_s"):
            if getattr(self, name) == 0:
                self._refuse(name, "more than 0 seconds")
        for name in ("memory", "described"):
            check_count(getattr(self, name), name)

    def _refuse(self, name: str, allowed: str) -> None:
        value = getattr(self, name)
        raise UsageError(
            f"{name} was given as {value}.",
            f"Give {allowed}.",
            code="invalid_event_settings",
            name=name,
            given=value,
        )
