"""What the terminal shows of `vlret bench selective`, and its rows for other forms."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from vlret.evaluation.standalone.captions import Score
from vlret.evaluation.standalone.selective.result import METRICS, Headline, Point, SelectiveResult
from vlret.reports.text_table import aligned

INTERVAL = "95%"
"""Heading of the interval of the value before it."""
_SETTINGS = {"interval_s": "every {:g} s", "least_error": "error {:g}", "threshold": "threshold {:g}"}


def selective_table(result: SelectiveResult) -> str:
    """A row for each point, then a line for each method: the fewest decodes that are as good as one a second."""
    return "\n".join([*aligned([columns(result), *map(cells, result.points)]), "", *lines(result)])


def lines(result: SelectiveResult) -> Iterator[str]:
    """The headlines in words."""
    yield from (headline(one) for one in result.headlines)
    yield f"selective against as many shot cuts: {_differences(result.against_shots)}."


def columns(result: SelectiveResult) -> list[str]:
    """The headings of `cells`."""
    scores = [heading for name in result.points[0].scores for heading in (name, INTERVAL)]
    return ["method", "setting", "s/decode", "decodes", *scores, "repeated", "decoding", "delay", "as good"]


def cells(point: Point) -> list[str]:
    """The row of a point."""
    scores = [
        word for s in point.scores.values() for word in (f"{s.value:.1f}", f"{s.low:.1f} to {s.high:.1f}")
    ]
    delay = "" if point.longest_delay_s is None else f"{point.mean_delay_s:.1f} s"
    return [
        point.method, _SETTINGS[point.setting].format(point.value), f"{point.seconds_per_decode:.2f}",
        str(point.decodes), *scores, f"{point.repeated:.0f}%", f"{point.decoding_seconds:.2f} s", delay,
        "yes" if point.is_as_good else "no",
    ]  # fmt: skip


def headline(found: Headline) -> str:
    """One line: how many times fewer decodes are as good as uniform decoding at 1 Hz, with the intervals."""
    if found.point is None:
        return f"{found.method}: with no setting as good as uniform at 1 Hz."
    return (
        f"{found.method}: {found.times_fewer:.1f} times fewer decodes than uniform at 1 Hz, one every "
        f"{found.point.seconds_per_decode:.1f} s; difference: {_differences(found.point.minus_uniform)}."
    )


def _differences(differences: Mapping[str, Score]) -> str:
    return ", ".join(f"{name} {_signed(differences[name])}" for name in METRICS)


def _signed(score: Score) -> str:
    value, low, high = (round(number, 1) + 0.0 for number in (score.value, score.low, score.high))  # no -0.0
    return f"{value:+.1f} ({low:.1f} to {high:.1f})"


def to_csv(result: SelectiveResult) -> str:
    """All points as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([columns(result), *map(cells, result.points)])
    return out.getvalue()
