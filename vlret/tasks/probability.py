"""The probability of each hit of a search, and the hits that are left at a least one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from numbers import Real

from vlret.errors import UsageError
from vlret.tasks.calibration import Calibration, QueryCalibration
from vlret.tasks.query_vector import Query, Weighted, sentences_of
from vlret.types import Hit, QueryVector


def is_sentence(query: Query, plus: Sequence[Weighted] = (), minus: Sequence[Weighted] = ()) -> bool:
    """Whether the query is one sentence and nothing else: what calibrations are fitted on."""
    if isinstance(query, QueryVector):
        return query.is_text and not plus and not minus
    return not plus and not minus and bool(sentences_of(query))


def check_least(least: float | None, calibration: Calibration | None) -> None:
    """Refuse a least probability that cannot be judged by.

    Args:
        calibration: what gives the probabilities of this query; None: it has none.

    Raises:
        UsageError: it is no number from 0 to 1, or the hits of this query have no probability.
    """
    if least is None:
        return
    if isinstance(least, bool) or not isinstance(least, Real) or not 0 <= float(least) <= 1:
        raise UsageError(
            f"The least probability was given as {least!r}.",
            "Give a number from 0 to 1.",
            code="bad_probability",
            given=least,
        )
    if calibration is None:
        raise UsageError(
            "A least probability was given, and the results of this search have none.",
            "Probabilities are known for one sentence, and for models that come with a calibration.",
            code="no_calibration",
        )


def judge(
    hits: Sequence[Hit], calibration: QueryCalibration | None, least: float | None = None
) -> tuple[list[Hit], bool]:
    """The hits with their probabilities, those below `least` left out, and whether nothing in the index fits.

    Args:
        hits: best first.
    """
    if calibration is None or not hits:
        return list(hits), False
    given = calibration.probabilities([hit.score for hit in hits])
    known = [replace(hit, probability=float(one)) for hit, one in zip(hits, given, strict=True)]
    nothing_fits = calibration.nothing_fits(hits[0].score)
    return [hit for hit, one in zip(known, given, strict=True) if one >= (least or 0)], nothing_fits
