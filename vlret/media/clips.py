"""Where a file is cut into clips: whole, in windows, or at its shots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlret.errors import UsageError
from vlret.media.limits import MAX_CLIPS
from vlret.media.open_media import Media
from vlret.media.unreadable_error import UnreadableError
from vlret.media.video.video import TOLERANCE_S, Video
from vlret.types import Clip

AUTO_WHOLE_S = 15.0
AUTO_WINDOW_S = 10.0
KNOWN_RULES = "auto, whole, window:LENGTH[:STEP] (seconds), shots, shots:transnet, meaning[:THRESHOLD]"


def clips_of(path: Path, media: Media, rule: str) -> list[Clip]:
    """Return the clips of an open file, in order. Each has an end; an image is one clip without an end.

    Args:
        path: the file.
        media: the file, open; "shots" reads all its frames.
        rule: "whole"; "window:10" (length in s) or "window:10:5" (length, step); "shots" (PySceneDetect) or
            "shots:transnet"; "auto": the whole file up to 15 s, else windows of 10 s; "span:2:7.5": one clip
            of these seconds, "span:2:" up to the end; "cuts:2:7.5": three clips, cut at these seconds. ("meaning"
            needs a model: `vlret.index.meaning` finds such cuts.)

    The rest at the end of the file is merged into the last window if it is shorter than half a window. A window in
    which no new frame begins is left out.

    Raises:
        UsageError: unknown rule ("unknown_clip_rule").
        MissingExtraError: the package for shots is not installed.
        MediaError: more than MAX_CLIPS clips ("too_many_clips").
    """
    check_rule(rule)
    if not isinstance(media, Video):
        return [Clip(path)]
    if rule.startswith("shots"):
        return _shots(path, media, rule)
    if rule.startswith("span:"):
        return [_span(path, rule)]
    if rule.startswith("cuts:"):
        return _between(path, [0.0, *_cuts(rule)], media.info.duration)
    if rule == "whole" or (rule == "auto" and media.info.duration <= AUTO_WHOLE_S):
        return [Clip(path, 0.0, media.info.duration)]
    length, step = (AUTO_WINDOW_S, AUTO_WINDOW_S) if rule == "auto" else _window(rule)
    windows = list(islice(_windows(media.info.duration, length, step, media.starts), MAX_CLIPS + 1))
    if len(windows) > MAX_CLIPS:
        reason = f"more than {MAX_CLIPS:,} clips"
        raise UnreadableError(path, reason, "Use longer windows.", code="too_many_clips", clips=rule)
    return [Clip(path, start, end) for start, end in windows]


def _shots(path: Path, media: Video, rule: str) -> list[Clip]:
    from vlret.media.shots import shot_starts

    return _between(path, shot_starts(media, rule.partition(":")[2] or "content"), media.info.duration)


def _between(path: Path, starts: Sequence[float], duration: float) -> list[Clip]:
    return [Clip(path, start, end) for start, end in pairwise([*starts, duration]) if end > start]


def check_rule(rule: str) -> None:
    """Raise UsageError unless `clips_of` knows `rule`."""
    if not isinstance(rule, str):
        raise unknown_rule(rule)
    if rule.startswith("span:"):
        _span(Path(), rule)
    elif rule.startswith("cuts:"):
        _cuts(rule)
    elif rule not in ("auto", "whole", "shots", "shots:transnet"):
        _window(rule)


def span_rule(start: float, end: float | None) -> str:
    """Return the rule for one clip of these seconds; `end=None` is the end of the file."""
    return f"span:{start}:{'' if end is None else end}"


def cuts_rule(cuts: Sequence[float]) -> str:
    """Return the rule for the clips of a video between these seconds, ascending; without any it is one clip."""
    return ":".join(["cuts", *map(str, cuts)]) if cuts else "whole"


def _cuts(rule: str) -> list[float]:
    """Return the seconds of "cuts:SECONDS:SECONDS"."""
    try:
        cuts = [float(second) for second in rule.split(":")[1:]]
    except ValueError:
        cuts = []
    if not cuts or not all(before < after for before, after in pairwise([0.0, *cuts])):
        raise unknown_rule(rule, "Write cuts:SECONDS:SECONDS, ascending.")
    return cuts


def _span(path: Path, rule: str) -> Clip:
    """Return the clip of "span:START:END"; an empty END is the end of the file."""
    try:
        _, start, end = rule.split(":")
        return Clip(path, float(start), float(end) if end else None)
    except ValueError as error:
        raise unknown_rule(rule, "Write span:START:END in seconds.") from error


def _window(rule: str) -> tuple[float, float]:
    """Return (length, step) in seconds of "window:LENGTH[:STEP]"."""
    name, *numbers = rule.split(":")
    try:
        length, step = (float(numbers[0]), float(numbers[-1])) if len(numbers) in (1, 2) else (0.0, 0.0)
    except ValueError:
        length = step = 0.0
    if name != "window" or not 0 < length < float("inf") or not 0 < step < float("inf"):
        raise unknown_rule(rule)
    return length, step


def unknown_rule(rule: object, hint: str = f"Known: {KNOWN_RULES}.") -> UsageError:
    """Return the error about a clip rule that there is not."""
    return UsageError(
        f"Unknown clip rule {rule!r}.",
        hint,
        code="unknown_clip_rule",
        given=rule,
    )


def count_clips(duration: float, rule: str) -> int | None:
    """Return how many clips a video of `duration` seconds has if it shows a new frame all the time.

    None: that is known only when it has been decoded (shots, meaning).
    """
    if rule.startswith(("shots", "meaning")):
        return None
    if rule == "whole" or (rule == "auto" and duration <= AUTO_WHOLE_S):
        return 1
    length, step = (AUTO_WINDOW_S, AUTO_WINDOW_S) if rule == "auto" else _window(rule)
    last = _last_window(duration, length, step)
    return last + 1 - _is_rest_joined(duration, length, last * step)


def cut_step(duration: float, rule: str) -> float | None:
    """Return the seconds from window to window of a video of `duration` seconds; None: it is not cut into windows."""
    if count_clips(duration, rule) in (None, 1):
        return None
    return AUTO_WINDOW_S if rule == "auto" else _window(rule)[1]


def _windows(
    duration: float, length: float, step: float, starts: NDArray[np.float64]
) -> Iterator[tuple[float, float]]:
    """Yield start and end of each window in which a frame begins; multiples of the step accumulate no error."""
    last = _last_window(duration, length, step)
    is_rest_joined = _is_rest_joined(duration, length, last * step)
    last -= is_rest_joined
    number = 0
    while number <= last:
        start = number * step
        joins = is_rest_joined and number == last and step <= length
        end = duration if joins else min(start + length, duration)
        row = int(np.searchsorted(starts, start - TOLERANCE_S))
        if row == len(starts):
            return
        number += 1
        if start == 0 or starts[row] < end - TOLERANCE_S:
            yield start, end
        else:  # skip to the first window that holds the next frame
            number = max(number, min(int((starts[row] - length) / step), last))


def _is_rest_joined(duration: float, length: float, last_start: float) -> bool:
    return last_start > 0 and duration - last_start < length / 2


def _last_window(duration: float, length: float, step: float) -> int:
    """Return the number of the first window that reaches the end, or of the last one that starts before it."""
    last = max(0, int(min((duration - length) / step, duration / step)))
    while last > 0 and (last - 1) * step + length >= duration:
        last -= 1
    while last * step + length < duration and (last + 1) * step < duration:
        last += 1
    return last
