"""The frames of a video as editors count them: an exact rate, and the time code of the first one."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Literal

import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vlret.media.video.container import open_container
from vlret.media.video.mp4_timecode import StartTimecode, mp4_timecode
from vlret.media.video.timecode import frame_of
from vlret.media.video.video import TOLERANCE_S, Video

RATES = tuple(
    rate
    for whole in (24, 25, 30, 48, 50, 60, 100, 120, 240)
    for rate in ((Fraction(whole * 1000, 1001), Fraction(whole)) if whole % 25 else (Fraction(whole),))
)
"""Frames per second that editors know."""

_NEAR = 0.005  # of a stated rate to one of RATES that it may mean, such as 23.98
_DEFAULT_RATE = Fraction(25)  # of a video of one frame


@dataclass(frozen=True, slots=True)
class SourceTime:
    """How an editor counts the frames of a video.

    Attributes:
        rate: frames a second, exact.
        is_constant: whether frame n of the file lies at n / rate. Otherwise (a variable frame rate) frames are placed
            on the nearest of these points.
        start: time code of the first frame in seconds, exact: its number / rate; 0 if there is none.
        drop_frame: whether the time code leaves labels out.
        origin: where the time code was found; "" if there is none.
        n_frames: length of the file in frames of that rate.
        channels: of the sound; 0 if there is none.
        sound_hz: its samples a second.
    """

    rate: Fraction
    is_constant: bool
    start: Fraction
    drop_frame: bool
    origin: Literal["tmcd", "rtmd", "metadata", ""]
    n_frames: int
    channels: int
    sound_hz: int
    _starts: NDArray[np.float64] = field(repr=False, compare=False)
    _grid: NDArray[np.int64] = field(repr=False, compare=False)

    def span(self, start_s: float, end_s: float) -> tuple[int, int]:
        """Return (first frame, frame after the last one) of the seconds from `start_s` to `end_s`, one at least.

        The first one is shown at `start_s`, the last one begins before `end_s`, as `Video.frames_between` yields them.
        """
        row = max(0, int(np.searchsorted(self._starts, start_s + TOLERANCE_S, side="right")) - 1)
        following = int(np.searchsorted(self._starts, end_s - TOLERANCE_S))
        first = int(self._grid[row])
        last = int(self._grid[following]) if following < len(self._grid) else self.n_frames
        if not self.is_constant:  # a picture may stay for long
            first = max(first, floor((start_s + TOLERANCE_S) * self.rate))
            last = min(last, ceil((end_s - TOLERANCE_S) * self.rate))
        first = min(first, self.n_frames - 1)
        return first, max(last, first + 1)


def source_time(video: Video) -> SourceTime:
    """Return how editors count the frames of an open video."""
    container, stream = open_container(video.path)
    with container:
        rate = _constant_rate(video.starts, stream)
        is_constant = rate is not None
        rate = rate or _grid_rate(video.starts)
        code = mp4_timecode(video.path) or _stated_timecode(container, stream, rate)
        sound = container.streams.audio[0].codec_context if container.streams.audio else None
        channels, sound_hz = (sound.channels, sound.sample_rate) if sound else (0, 0)
    grid = np.arange(len(video.starts)) if is_constant else np.rint(video.starts * float(rate))
    return SourceTime(
        rate=rate,
        is_constant=is_constant,
        start=_start(code, rate) if code else Fraction(0),
        drop_frame=code is not None and code.drop_frame,
        origin=code.origin if code else "",
        n_frames=max(round(video.info.duration * rate), int(grid[-1]) + 1),
        channels=channels,
        sound_hz=sound_hz,
        _starts=video.starts,
        _grid=grid.astype(np.int64),
    )


def _constant_rate(starts: NDArray[np.float64], stream: VideoStream) -> Fraction | None:
    """Return the rate at which each frame is the nearest to a point of its own; None if there is none.

    Frames of a known rate may jitter; an unusual one has to fit well, or one lost frame would make any rate one.
    """
    stated = [Fraction(rate) for rate in (stream.average_rate, stream.base_rate) if rate] or [_DEFAULT_RATE]
    step_s = np.polyfit(np.arange(len(starts)), starts, 1)[0] if len(starts) > 1 else float(1 / stated[0])
    measured = 1 / float(step_s)
    said = [*map(float, stated), measured]
    near = [known for known in RATES if any(abs(float(known) / rate - 1) < _NEAR for rate in said)]
    near.sort(key=lambda known: (known not in stated, abs(known - measured)))
    unusual = [Fraction(round(2 * measured), 2), Fraction(round(measured) * 1000, 1001), *stated]
    fitting = [rate for rate in near if _misfit(starts, rate) < 0.5]
    return next(iter([*fitting, *(rate for rate in unusual if rate and _misfit(starts, rate) < 0.1)]), None)


def _misfit(starts: NDArray[np.float64], rate: Fraction) -> float:
    """Return the largest distance of a frame from its point, in frames of `rate`."""
    return float(np.abs(starts * float(rate) - np.arange(len(starts))).max())


def _grid_rate(starts: NDArray[np.float64]) -> Fraction:
    """Return the known rate that is nearest to that of most frames of a variable rate."""
    step_s = float(np.median(np.diff(starts))) if len(starts) > 1 else 1 / _DEFAULT_RATE
    return min(RATES, key=lambda rate: abs(rate - 1 / step_s))


def _stated_timecode(container: InputContainer, stream: VideoStream, rate: Fraction) -> StartTimecode | None:
    """Return the time code in the metadata of another container, such as MXF, Matroska or AVI."""
    for stated in (stream.metadata, container.metadata):
        label = next((value for name, value in stated.items() if name.lower() == "timecode"), "")
        counted = frame_of(label, round(rate))
        if counted:
            return StartTimecode(counted[0], round(rate), counted[1], "metadata")
    return None


def _start(code: StartTimecode, rate: Fraction) -> Fraction:
    """Return the seconds of a time code, whose labels run as fast as the frames of the file, or n times slower.

    A camera that says 29.97 drop-frame of a file of 30 frames a second is taken by its number of frames, too.
    """
    return code.frame * round(rate) / (code.base * rate)
