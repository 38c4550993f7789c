"""Rows of the table of figures: values with intervals and chance, as JSON and as Markdown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vlret.evaluation.statistics import bootstrap_interval


def row(
    name: str, values: dict[str, Any], groups: Any, pool: int, chance: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Mean of each metric's values per query in per cent, its interval drawn by `groups`, and chance.

    `chance` holds values per query, too; without it one of the `pool` is right.
    """
    figures = {}
    for metric, per_query in values.items():
        low, high = bootstrap_interval(per_query, groups)
        figures[metric] = {
            "value": 100 * float(per_query.mean()), "low": 100 * low, "high": 100 * high,
            "chance": 100 * (float(chance[metric].mean()) if chance else 1 / pool),
        }  # fmt: skip
    return {"name": name, "queries": len(per_query), "pool": pool, "figures": figures}


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown: value, interval, chance."""
    lines = [
        "| test | queries | pool | figure | value | 95% interval | chance |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        for metric, f in row["figures"].items():
            lines.append(
                f"| {row['name']} | {row['queries']} | {row['pool']} | {metric} | {f['value']:.1f} | "
                f"{f['low']:.1f} to {f['high']:.1f} | {f['chance']:.1f} |"
            )
    return "\n".join(lines)


def side_by_side(scored: dict[str, list[dict[str, Any]]]) -> str:
    """The rows of several as one Markdown table, value and interval; a row that one was not asked is left empty."""
    found: dict[tuple[str, str], dict[str, str]] = {
        (row["name"], metric): {} for rows in scored.values() for row in rows for metric in row["figures"]
    }  # fmt: skip
    for name, rows in scored.items():
        for row in rows:
            for metric, f in row["figures"].items():
                found[row["name"], metric][name] = f"{f['value']:.1f} ({f['low']:.1f} to {f['high']:.1f})"
    lines = [f"| test | figure | {' | '.join(scored)} |", "|---|---|" + "---|" * len(scored)]
    for (test, metric), cells in found.items():
        lines.append(f"| {test} | {metric} | {' | '.join(cells.get(name, '') for name in scored)} |")
    return "\n".join(lines)


def write(file: Path, card: dict[str, Any], dtype: str, rows: list[dict[str, Any]]) -> None:
    """Write the rows with the card of the model that they are of."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"schema": 1, "model": card, "dtype": dtype, "rows": rows}, indent=1) + "\n")
