"""How few decodes are as good as one a second."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from vlret.evaluation.standalone.selective.result import Headline, Point

REFERENCE = ("uniform", 1.0)
"""The method and interval in seconds that all are compared with."""


def headlines(points: Sequence[Point]) -> tuple[Headline, ...]:
    """The headline of each method that has several settings, in the order of `points`."""
    reference = next(one for one in points if (one.method, one.value) == REFERENCE)
    curves = {method: [one for one in points if one.method == method] for method in _names(points)}
    return tuple(
        _headline(method, curve, reference.decodes) for method, curve in curves.items() if len(curve) > 1
    )


def _names(points: Sequence[Point]) -> list[str]:
    return list(dict.fromkeys(point.method for point in points))


def _headline(method: str, curve: Sequence[Point], reference_decodes: int) -> Headline:
    """From the most decodes that are no more than the reference's, the last point before the first that is worse."""
    fewer = sorted((p for p in curve if p.decodes <= reference_decodes), key=lambda p: -p.decodes)
    as_good = list(takewhile(lambda point: point.is_as_good, fewer))
    if not as_good:
        return Headline(method, None, None)
    return Headline(method, as_good[-1], reference_decodes / as_good[-1].decodes)
