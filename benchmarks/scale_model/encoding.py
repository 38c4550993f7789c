"""Hours, machines and money of encoding."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from benchmarks.scale_model.storage import Library


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine that encodes.

    Attributes:
        real_time: hours of video that it encodes in an hour.
        cores: as they are paid.
    """

    real_time: float
    cores: float

    def hours(self, library: Library) -> float:
        """Hours that one machine encodes for."""
        return library.hours / self.real_time

    def needed(self, library: Library, days: float) -> int:
        """Machines with which it is done in `days`, if all are busy until the end."""
        return max(1, ceil(self.hours(library) / (24 * days)))
