"""How few decodes are as good as one a second."""

from __future__ import annotations

from collections.abc import Sequence

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
    """Of the points with no more decodes than the reference that are as good, the one with the fewest."""
    as_good = [point for point in curve if point.decodes <= reference_decodes and point.is_as_good]
    if not as_good:
        return Headline(method, None, None)
    best = min(as_good, key=lambda point: point.decodes)
    return Headline(method, best, reference_decodes / best.decodes)
