"""The table that the terminal shows of scored captions."""

from __future__ import annotations

from collections.abc import Sequence

from vlret.evaluation.standalone.captions import CaptionScores, Score
from vlret.reports.text_table import aligned


def captions_table(rows: Sequence[CaptionScores]) -> str:
    """One row for each file of captions; from the second on its difference from the first, paired."""
    head = ["captions", "items", "references", "CIDEr", "95%", "minus first", "95%", "p"]
    return "\n".join(aligned([head, *map(_cells, rows)]))


def _cells(row: CaptionScores) -> list[str]:
    other = row.minus_first
    compared = [f"{other.value:+.1f}", _span(other, "+"), f"{other.p:.4f}"] if other else ["", "", ""]
    counts = [str(row.items), str(row.references)]
    return [row.name, *counts, f"{row.cider.value:.1f}", _span(row.cider), *compared]


def _span(score: Score, sign: str = "") -> str:
    return f"{score.low:{sign}.1f} to {score.high:{sign}.1f}"
