"""The frames of a file: at given times (`decode`), or sampled from a clip (`read_clip`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from vlret.errors import UsageError
from vlret.media.decoders.registry import AUTO, find_decoder
from vlret.media.frame_size import Size, check_size
from vlret.media.frames import frames_at
from vlret.media.open_media import open_media
from vlret.media.pool.decode_in_child import decode_in_child
from vlret.media.sampling import Times, clip_times
from vlret.types import Clip, Frames, as_path


def decode(path: str | Path, times: ArrayLike, decoder: str = AUTO, size: Size | None = None) -> Frames:
    """Return the frames of a video or image at `times`, in the order of `times`.

    The frame at time t is the last one presented at or before t; past the end it is the last one that can
    be decoded. An image gives the same frame for every time.

    Args:
        path: a video or image file.
        times: float [n], seconds from the first frame shown, in any order, not negative.
        decoder: "auto" or "pyav" for PyAV; "decord" for decord's own frames (see docs/media.md).
        size: (width, height) to which frames are resized inside the colour conversion (bicubic), without
            keeping the aspect ratio; None leaves them at their displayed size.

    Returns:
        `pixels` uint8 [n, height, width, 3] RGB and the true `times` float64 [n].

    Raises:
        UsageError: invalid times or size, or an unknown decoder.
        MediaError: the file cannot be read.
        MissingExtraError: decord is not installed.
    """
    path, wanted, chosen = as_path(path, "The file"), check_times(times), find_decoder(decoder)
    check_size(size)
    if chosen.can_hang:
        return decode_in_child(path, wanted, chosen, size)
    with open_media(path) as media:
        return frames_at(media, wanted, chosen, size)


def read_clip(
    clip: str | Path | Clip,
    n_frames: int,
    *,
    sampling: str = "midpoint",
    decoder: str = AUTO,
    size: Size | None = None,
) -> Frames:
    """Return `n_frames` frames of a clip, or of a whole file if a path is given; an image gives one.

    Args:
        clip: a path or a `Clip`.
        n_frames: at least 1.
        sampling: "midpoint" or "endpoints", see `sample_times`.
        decoder, size: as in `decode`.

    Raises:
        UsageError, MediaError, MissingExtraError: as `decode`; MediaError also for a clip past the end.
    """
    clip = clip if isinstance(clip, Clip) else Clip(as_path(clip, "The clip"))
    chosen = find_decoder(decoder)
    check_size(size)
    with open_media(clip.path) as media:
        times = clip_times(clip, media.info, n_frames, sampling)
        if not chosen.can_hang:
            return frames_at(media, times, chosen, size)
    return decode_in_child(clip.path, times, chosen, size)


def check_times(times: ArrayLike) -> Times:
    """Return `times` as float64 [n]; raise UsageError unless they are finite and not negative."""
    try:
        wanted = np.asarray(times, np.float64)
    except (TypeError, ValueError) as error:
        raise _bad_times(times) from error
    if wanted.ndim != 1 or not np.isfinite(wanted).all() or (wanted < 0).any():
        raise _bad_times(wanted.tolist())
    return wanted


def _bad_times(given: object) -> UsageError:
    return UsageError(
        f"Times were given as {given!r}.",
        "Give a list of seconds from 0 on.",
        code="invalid_times",
        given=given,
    )
