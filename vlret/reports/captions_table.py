"""The table that the terminal shows of scored captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vlret.evaluation.tasks.captions import Row
from vlret.reports.text_table import aligned


def captions_table(rows: Sequence[Row]) -> str:
    """One row for each file of captions; from the second on its difference from the first, paired."""
    head = ["captions", "items", "references", "CIDEr", "95%", "minus first", "95%", "p"]
    return "\n".join(aligned([head, *map(_cells, rows)]))


def _cells(row: Row) -> list[str]:
    own, other = row["CIDEr"], row.get("minus_first")
    counts = [str(row["items"]), str(row["references"])]
    compared = [f"{other['value']:+.1f}", _span(other, "+"), f"{other['p']:.4f}"] if other else ["", "", ""]
    return [row["name"], *counts, f"{own['value']:.1f}", _span(own), *compared]


def _span(figure: Mapping[str, float], sign: str = "") -> str:
    return f"{figure['low']:{sign}.1f} to {figure['high']:{sign}.1f}"
