"""The clip rule `meaning`: a video is cut where its meaning changes, as `vlret.segment` cuts it."""

from __future__ import annotations

import math

from vlret.index.encode import FileEncoded
from vlret.index.windows import windows_of
from vlret.media.clips import check_rule, cuts_rule, unknown_rule
from vlret.segmentation.spans import THRESHOLD, spans, window_starts

RULE = "meaning"


def is_meaning(rule: object) -> bool:
    """Whether a clip rule is "meaning" or "meaning:THRESHOLD"."""
    return isinstance(rule, str) and rule.partition(":")[0] == RULE


def full_rule(rule: str) -> str:
    """Return a clip rule as a recipe holds it: "meaning" with its threshold, any other as it is.

    Raises:
        UsageError: there is no such rule.
    """
    if is_meaning(rule):
        return f"{RULE}:{threshold_of(rule)}"
    check_rule(rule)
    return rule


def threshold_of(rule: str) -> float:
    """Return the threshold of a rule "meaning" or "meaning:THRESHOLD", as in `spans.window_starts`.

    Raises:
        UsageError: it is not a number from 0 on.
    """
    try:
        threshold = float(rule.partition(":")[2] or THRESHOLD)
    except ValueError:
        threshold = math.nan
    if math.isnan(threshold) or threshold < 0 or rule.endswith(":"):
        raise unknown_rule(rule)
    return threshold


def cuts_of(encoded: FileEncoded, threshold: float) -> str:
    """Return the clip rule of `vlret.media` that cuts a file where its windows begin to differ by `threshold`."""
    windows = windows_of(encoded)
    starts = window_starts(windows.starts_s, windows.vectors, threshold=threshold)
    return cuts_rule([start for start, _ in spans(windows.starts_s, windows.ends_s, starts)[1:]])
