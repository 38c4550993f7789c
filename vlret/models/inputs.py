"""Input of embedders: clips and texts are checked here, for every model and every task."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any

import numpy as np

from vlret.errors import UsageError
from vlret.types import PIXELS, Clip, Frames, Pixels, as_pixels, type_name

ClipInput = str | Path | Clip | Frames | Pixels
"""A path, a `Clip`, `Frames`, frames uint8 [t, height, width, 3], or an image uint8 [height, width, 3]."""

_HINTS = {
    "PIL": "Give its path, or numpy.asarray(image.convert('RGB')).",
    "torch": "Give tensor.cpu().numpy() as",
    "list": "Give numpy.stack(frames) as",
    "tuple": "Give numpy.stack(frames) as",
}


def clip_list(clips: Iterable[ClipInput]) -> list[Path | Clip | Pixels]:
    """Return the clips of any ordered iterable, each checked by `as_clip`; [n, t, height, width, 3] is n clips.

    Raises:
        UsageError: one clip in place of a list, or something that is not a clip; the message says which.
    """
    if isinstance(clips, (Path, Clip, Frames)) or (isinstance(clips, np.ndarray) and clips.ndim in (3, 4)):
        raise UsageError(
            f"Clips were given as {_shown(clips)}.",
            "Give a list of clips, such as [clip].",
            code="not_a_list",
        )
    given = ordered(clips, "clips")
    return [as_clip(clip, f"Clip {number} of {len(given)}") for number, clip in enumerate(given, 1)]


def pixel_list(clips: Iterable[Pixels]) -> list[Pixels]:
    """`clip_list` for what a tower takes: decoded clips, uint8 [t, height, width, 3] each.

    Raises:
        UsageError: as `clip_list`; also for a clip that is not decoded.
    """
    given = clip_list(clips)
    pixels = [clip for clip in given if isinstance(clip, np.ndarray)]
    if len(pixels) < len(given):
        raise UsageError(
            "Clips that are not decoded were given.", "Use encode_clips or embed_clips.", code="not_decoded"
        )
    return pixels


def as_clip(clip: ClipInput, what: str = "The clip") -> Path | Clip | Pixels:
    """Return a path, a `Clip`, or frames uint8 [t, height, width, 3] with at least one pixel.

    Raises:
        UsageError: it is none of what `ClipInput` lists; the message begins with `what`.
    """
    if isinstance(clip, (str, os.PathLike)):
        return Path(clip)
    if isinstance(clip, Clip):
        return clip
    if not isinstance(clip, (Frames, np.ndarray)):
        raise UsageError(f"{what} was given as {type_name(clip)}.", _hint(clip), code="wrong_type")
    pixels = clip.pixels if isinstance(clip, Frames) else as_pixels(clip, what)
    if not pixels.size:
        raise UsageError(
            f"{what} holds no pixels: its shape is {pixels.shape}.",
            "Give one frame or more.",
            code="no_pixels",
        )
    return pixels


def text_list(texts: Iterable[str], what: str = "text") -> list[str]:
    """Return the texts of a list, tuple, array, Series, generator or any other ordered iterable.

    Raises:
        UsageError: one string in place of a list, or something that is not text; the message says which.
    """
    given = ordered(texts, f"{what}s")
    for number, text in enumerate(given, 1):
        if not isinstance(text, str):
            raise UsageError(
                f"{what.capitalize()} {number} of {len(given)} was given as {type_name(text)}: {_cut(text)}.",
                "Give a str.",
                code="wrong_type",
            )
        check_text(text, f"{what.capitalize()} {number} of {len(given)}")
    return [str(text) for text in given]  # numpy's strings as Python's


def check_text(text: str, what: str) -> None:
    """Refuse a text that cannot be written as UTF-8, such as a file name of other bytes.

    Raises:
        UsageError: it cannot.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{what} is not valid Unicode: {_cut(text)}.", "Write it as UTF-8.", code="not_unicode"
        ) from error


def ordered(values: Iterable[Any], what: str) -> list[Any]:
    """Return `values` as a list; one string, values without an order, and a table are refused.

    Raises:
        UsageError: the message says what was given.
    """
    one_by_one = isinstance(values, Iterable) and getattr(values, "ndim", 1) != 0
    # a mapping or a table would give its keys, a set no order to find the rows again
    if not one_by_one or isinstance(values, (str, bytes, Mapping, Set)) or _is_table(values):
        raise UsageError(
            f"{what.capitalize()} were given as {_shown(values)}.",
            f"Give a list of {what}.",
            code="not_a_list",
        )
    return list(values)


def _is_table(values: object) -> bool:
    return type(values).__name__ == "DataFrame"  # of pandas or polars, which need not be loaded


def _hint(clip: object) -> str:
    package = type(clip).__module__.partition(".")[0]
    hint = _HINTS.get(
        package if package != "builtins" else type(clip).__name__, "Give a path, a Clip, Frames or"
    )
    return hint if hint.endswith(".") else f"{hint} {PIXELS}."


def _shown(values: object) -> str:
    if isinstance(values, (str, bytes)):
        return f"the {'string' if isinstance(values, str) else 'bytes'} {_cut(values)}"
    shape = getattr(values, "shape", None)
    return type_name(values) if shape is None else f"{type_name(values)} of shape {tuple(shape)}"


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
