"""The jobs of a `DecodePool` and the events it yields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from vlret.media.clips import check_rule
from vlret.media.decoders.registry import AUTO, find_decoder
from vlret.media.frame_size import Size, check_size
from vlret.media.info import MediaInfo
from vlret.media.pool.messages import Message, missing_extra
from vlret.media.sampling import check_sampling
from vlret.types import Clip, Frames, Pixels


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """One file to decode: the clip rule, frames per clip, and the arguments of `read_clip`.

    `within=(start, end)` keeps the clips that start in `[start, end)` seconds; None: all.

    Raises:
        UsageError: unknown clip rule, sampling or decoder, or an invalid size or number of frames.
    """

    path: Path
    clips: str
    n_frames: int
    sampling: str = "midpoint"
    decoder: str = AUTO
    size: Size | None = None
    within: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        check_rule(self.clips)
        check_size(self.size)
        find_decoder(self.decoder)
        check_sampling(self.n_frames, self.sampling)


@dataclass(frozen=True, slots=True)
class ClipDecoded:
    """The frames of one clip."""

    job: DecodeJob
    clip: Clip
    frames: Frames


@dataclass(frozen=True, slots=True)
class FileDone:
    """All `n_clips` clips of a file are decoded; `warning` describes damage, such as "damaged after 3.2 s"."""

    job: DecodeJob
    info: MediaInfo
    n_clips: int
    warning: str | None


@dataclass(frozen=True, slots=True)
class FileFailed:
    """A file could not be decoded. Clips of it that were yielded before must be discarded.

    `retry`: the file may be good; its process was killed from outside.
    """

    job: DecodeJob
    reason: str
    retry: bool = False


Event = ClipDecoded | FileDone | FileFailed


def event_of(job: DecodeJob, message: Message) -> Event | None:
    """Return the event in a child's message about `job`; None for a progress report.

    Raises:
        MissingExtraError: a package is not installed.
    """
    header, pixels = message
    return _EVENTS[header["kind"]](job, header, pixels)


def _clip(job: DecodeJob, header: dict[str, Any], pixels: Pixels | None) -> Event:
    frames = Frames(cast(Pixels, pixels), np.asarray(header["times"], np.float64))
    return ClipDecoded(job, Clip(job.path, header["start"], header["end"]), frames)


def _done(job: DecodeJob, header: dict[str, Any], pixels: Pixels | None) -> Event:
    return FileDone(job, MediaInfo(**header["info"]), header["n_clips"], header["warning"])


def _failed(job: DecodeJob, header: dict[str, Any], pixels: Pixels | None) -> Event:
    return FileFailed(job, header["reason"])


def _alive(job: DecodeJob, header: dict[str, Any], pixels: Pixels | None) -> None:
    return None


def _missing(job: DecodeJob, header: dict[str, Any], pixels: Pixels | None) -> None:
    raise missing_extra(header)


_EVENTS: dict[str, Callable[[DecodeJob, dict[str, Any], Pixels | None], Event | None]] = {
    "clip": _clip, "done": _done, "failed": _failed, "alive": _alive, "missing": _missing,
}  # fmt: skip
