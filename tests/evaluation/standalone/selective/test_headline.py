"""The fewest decodes that are as good as one a second."""

from __future__ import annotations

from vlret.evaluation.standalone.captions import Score
from vlret.evaluation.standalone.selective.headline import headlines
from vlret.evaluation.standalone.selective.result import Point

ZERO, BETTER, WORSE = Score(0.0, 0.0, 0.0), Score(2.0, 1.0, 3.0), Score(-2.0, -3.0, -0.1)
NEAR = Score(-1.0, -3.0, 0.1)


def point(method: str, value: float, decodes: int, cider: Score, embedding: Score = ZERO) -> Point:
    differences = {"CIDEr": cider, "embedding": embedding}
    return Point(method, "interval_s", value, decodes, decodes, 100 / decodes, {}, differences, 0.0, 0.0)


UNIFORM = [
    point("uniform", 0.5, 200, ZERO),
    point("uniform", 1.0, 100, ZERO),
    point("uniform", 2.0, 50, WORSE),
]


def times_fewer(*points: Point) -> float | None:
    return headlines([*UNIFORM, *points])[1].times_fewer


def test_the_fewest_decodes_that_are_as_good():
    first = point("other", 1.0, 100, NEAR), point("other", 4.0, 25, BETTER)
    assert times_fewer(*first, point("other", 8.0, 12, WORSE)) == 4
    assert times_fewer(*first, point("other", 8.0, 12, NEAR, WORSE)) == 4
    assert times_fewer(*first, point("other", 8.0, 12, WORSE), point("other", 10.0, 10, NEAR)) == 10


def test_more_decodes_than_the_reference_do_not_count():
    assert times_fewer(point("other", 0.5, 200, WORSE), point("other", 4.0, 25, NEAR)) == 4


def test_a_method_that_is_never_as_good():
    assert times_fewer(point("other", 1.0, 100, WORSE), point("other", 4.0, 25, WORSE)) is None


def test_uniform_itself_and_methods_without_a_curve():
    found = headlines([*UNIFORM, point("shots", 27.0, 30, BETTER)])
    assert [(one.method, one.times_fewer) for one in found] == [("uniform", 1.0)]
