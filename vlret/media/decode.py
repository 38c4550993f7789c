"""The one function that gives the frames of a file at given times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vlret.errors import UsageError
from vlret.media.reader import Media, open_media
from vlret.types import Frames, as_path


def decode(
    path: str | Path, times: ArrayLike, decoder: str = "auto", size: tuple[int, int] | None = None
) -> Frames:
    """Frames of a video or image at `times`, in the order of `times`.

    The frame at time t is the last one presented at or before t; past the end it is the last one that can
    be decoded. An image gives the same frame for every time.

    Args:
        path: a video or image file.
        times: float [n], seconds from the first frame shown, in any order, not negative.
        decoder: "auto" or "pyav" for PyAV; "decord" for decord's own frames (see docs/media.md).
        size: (width, height) to which frames are squashed inside the colour conversion (bicubic); None
            leaves them at their displayed size.

    Returns:
        `pixels` uint8 [n, height, width, 3] RGB and the true `times` float64 [n].

    Raises:
        UsageError: bad times, size or decoder name.
        MediaError: the file cannot be read; the message says why.
        MissingExtraError: decoder="decord" where decord is not installed.
    """
    wanted = check_times(times)
    check_size(size)
    return frames_by(decoder)(as_path(path, "The file"), wanted, size)


def frames_by(decoder: str) -> Callable[[Path, NDArray[np.float64], tuple[int, int] | None], Frames]:
    """The function behind a decoder's name."""
    if decoder in ("auto", "pyav"):
        return _by_pyav
    if decoder == "decord":
        from vlret.media.decord import decode_in_child

        return decode_in_child
    raise UsageError(f"Decoder {decoder!r} is not known.", "Known: auto, pyav, decord.")


def check_times(times: ArrayLike) -> NDArray[np.float64]:
    """`times` as float64 [n]; UsageError unless they are finite and not negative."""
    try:
        wanted = np.asarray(times, np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"Times were given as {times!r}.", "Give a list of seconds from 0 on.") from error
    if wanted.ndim != 1 or not np.isfinite(wanted).all() or (wanted < 0).any():
        raise UsageError(f"Times were given as {wanted.tolist()}.", "Give a list of seconds from 0 on.")
    return wanted


def check_size(size: Sequence[int] | None) -> None:
    """UsageError unless `size` is None or two positive whole numbers."""
    if size is not None and not _is_size(size):
        raise UsageError(f"A frame size was given as {size}.", "Give (width, height) in pixels.")


def _is_size(size: Sequence[int]) -> bool:
    return (
        isinstance(size, Sequence)
        and len(size) == 2
        and all(isinstance(n, Integral) and n >= 1 for n in size)
    )


def _by_pyav(path: Path, times: NDArray[np.float64], size: tuple[int, int] | None) -> Frames:
    with open_media(path) as media:
        return frames_in_any_order(media, times, size)


def frames_in_any_order(media: Media, times: NDArray[np.float64], size: tuple[int, int] | None) -> Frames:
    """Frames at `times` of an open file that has not been read from yet."""
    width, height = size or (media.info.width, media.info.height)
    pixels = np.empty((len(times), height, width, 3), np.uint8)
    stamps = np.empty(len(times))
    order = np.argsort(times, kind="stable")
    for row, (stamp, picture) in zip(order, media.frames_at(times[order].tolist(), size), strict=True):
        stamps[row], pixels[row] = stamp, picture
    return Frames(pixels, stamps)
