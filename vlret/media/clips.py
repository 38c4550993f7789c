"""Where a file is cut into clips: whole, in windows, or at its shots."""

from __future__ import annotations

from pathlib import Path

from vlret.errors import UsageError
from vlret.media.info import MediaInfo
from vlret.media.reader import Media, open_media
from vlret.media.video import Video
from vlret.types import Clip

AUTO_WHOLE_S = 15.0
AUTO_WINDOW_S = 10.0
KNOWN_RULES = "auto, whole, window:LENGTH, window:LENGTH:STEP (seconds), shots, shots:transnet"


def split_clips(path: str | Path, info: MediaInfo, rule: str = "auto") -> list[Clip]:
    """The clips of a file, in order. Each has an end; an image is one clip without one.

    Args:
        path: the file.
        info: what `probe` says of it.
        rule: "whole"; "window:10" (length in s) or "window:10:5" (length, step); "shots" (PySceneDetect) or
            "shots:transnet"; "auto" is the whole file up to 15 s, else windows of 10 s. "span:2:7.5" is that
            one part, "span:2:" the part from there to the end.

    What the end of the file leaves of a window joins the one before it if it is less than half.

    Raises:
        UsageError: unknown rule. MissingExtraError: the package for shots is not installed.
    """
    check_rule(rule)
    if not rule.startswith("shots") or info.kind == "image":
        return _fixed(Path(path), info, rule)
    with open_media(path) as media:
        return clips_of(Path(path), media, rule)


def clips_of(path: Path, media: Media, rule: str) -> list[Clip]:
    """`split_clips` for a file that is open already (its frames are all read for shots)."""
    check_rule(rule)
    if not rule.startswith("shots") or not isinstance(media, Video):
        return _fixed(path, media.info, rule)
    from vlret.media.shots import shot_starts

    starts = shot_starts(media, rule.partition(":")[2] or "content")
    ends = [*starts[1:], media.info.duration]
    return [Clip(path, start, end) for start, end in zip(starts, ends, strict=True) if end > start]


def check_rule(rule: str) -> None:
    """UsageError unless `rule` is one that `split_clips` knows."""
    if rule.startswith("span:"):
        _span(Path(), rule)
    elif rule not in ("auto", "whole", "shots", "shots:transnet"):
        _window(rule)


def _fixed(path: Path, info: MediaInfo, rule: str) -> list[Clip]:
    if info.kind == "image":
        return [Clip(path)]
    if rule == "whole" or (rule == "auto" and info.duration <= AUTO_WHOLE_S):
        return [Clip(path, 0.0, info.duration)]
    if rule.startswith("span:"):
        return [_span(path, rule)]
    length, step = (AUTO_WINDOW_S, AUTO_WINDOW_S) if rule == "auto" else _window(rule)
    return [Clip(path, start, end) for start, end in _windows(info.duration, length, step)]


def _span(path: Path, rule: str) -> Clip:
    """The clip of "span:START:END"; an empty END is the end of the file."""
    try:
        _, start, end = rule.split(":")
        return Clip(path, float(start), float(end) if end else None)
    except ValueError as error:
        raise UsageError(
            f"The clip rule {rule!r} is not known.", "Write span:START:END in seconds."
        ) from error


def _window(rule: str) -> tuple[float, float]:
    """(length, step) in seconds of "window:LENGTH[:STEP]"."""
    name, *numbers = rule.split(":")
    try:
        length, step = (float(numbers[0]), float(numbers[-1])) if len(numbers) in (1, 2) else (0.0, 0.0)
    except ValueError:
        length = step = 0.0
    if name != "window" or not 0 < length < float("inf") or not 0 < step < float("inf"):
        raise UsageError(f"The clip rule {rule!r} is not known.", f"Known: {KNOWN_RULES}.")
    return length, step


def _windows(duration: float, length: float, step: float) -> list[tuple[float, float]]:
    """Start and end of each window, as multiples of the step so that no error adds up."""
    windows: list[tuple[float, float]] = []
    while (start := len(windows) * step) < duration:
        end = min(start + length, duration)
        covered = windows and windows[-1][1] >= duration
        if covered:
            break
        if windows and end - start < length / 2:
            if windows[-1][1] >= start:
                windows[-1] = (windows[-1][0], duration)
            break
        windows.append((start, end))
    return windows
