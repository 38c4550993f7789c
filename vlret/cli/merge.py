"""`vlret merge`: the encoded shards of a plan to an index."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlret.cli import options, output
from vlret.text import count_of, printable

if TYPE_CHECKING:
    from vlret.index.report import BuildReport


def merge(
    shards: Annotated[
        Path,
        typer.Argument(
            metavar="SHARDS", help="Directory, or address in an object store, that `vlret encode` wrote."
        ),
    ],
    plan: options.Plan,
    out: Annotated[Path, typer.Option(help="Index directory: a new one, or one to add to.")],
    json: options.AsJson = False,
    strict: options.Strict = False,
) -> None:
    """Merge the encoded shards of a plan into an index: the one that `vlret index` would have built.

    Example: vlret merge --plan plan.jsonl shards --out indexes/videos
    """
    from vlret.index.sharding.merge import merge_shards
    from vlret.index.sharding.plan_file import read_plan

    planned = read_plan(plan)
    report = merge_shards(planned, shards, out)
    if json:
        output.print_json(report.to_dict())
    else:
        output.show_lines(merge_text(report))
    is_in_vain = bool(planned.shards) and report.new + report.unchanged == 0
    if is_in_vain or (strict and report.skipped):
        raise typer.Exit(1)


def merge_text(report: BuildReport) -> str:
    """What a merge did, in words."""
    from vlret.index.report import grouped

    lines = [
        f"{printable(report.index)}: {count_of(report.found, 'file')} in the plan: {report.new} new, "
        f"{report.unchanged} unchanged, {len(report.skipped)} skipped",
        f"{count_of(report.clips, 'clip')} added, {report.dropped} dropped, in {report.wall_s:.1f} s",
    ]
    partial, skipped = grouped("partially read", report.partial), grouped("skipped", report.skipped)
    return "\n".join([*lines, *partial, *skipped])
