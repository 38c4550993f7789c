"""Rows of the table of figures: values with intervals and chance, and as Markdown."""

from __future__ import annotations

from typing import Any

from vlret.evaluation.metrics.statistics import bootstrap_interval

HEADER = "| test | queries | pool | figure | value | 95% interval | chance |\n|---|---|---|---|---|---|---|"


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
    return "\n".join([HEADER, *map(lines, rows)])


def lines(row: dict[str, Any]) -> str:
    """The lines of one row in `table`, one for each figure."""
    return "\n".join(
        f"| {row['name']} | {row['queries']} | {row['pool']} | {metric} | {f['value']:.1f} | "
        f"{f['low']:.1f} to {f['high']:.1f} | {f['chance']:.1f} |"
        for metric, f in row["figures"].items()
    )


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


def stamps(documents: dict[str, dict[str, Any]]) -> str:
    """What was scored, when and how, as Markdown: a line for each contestant's document."""
    found = ["| contestant | revision | dtype | date | command |", "|---|---|---|---|---|"]
    for name, document in documents.items():
        stamp = document["stamp"]
        found.append(
            f"| {name} | {document['model']['revision']} | {document['dtype']} | {stamp['date'][:10]} | "
            f"`{stamp['command']}` |"
        )
    return "\n".join(found)
