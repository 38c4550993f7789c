"""`vlret index --runner ray`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from vlret.cli import output
from vlret.cli.merge import merge_text
from vlret.errors import UsageError


def check(runner: str, of_ray: Mapping[str, object], local_only: Mapping[str, object]) -> None:
    """Refuse an unknown runner, and options that have no effect with this one.

    Raises:
        UsageError: the message names them.
    """
    if runner not in ("local", "ray"):
        raise UsageError(
            f"Unknown runner {runner!r}.", "Use local or ray.", code="unknown_runner", given=runner
        )
    given = [name for name, value in (of_ray if runner == "local" else local_only).items() if value]
    if given:
        hint = "Add --runner ray." if runner == "local" else "Run that without --runner ray."
        raise UsageError(
            f"The runner {runner} takes no {' or '.join(given)}.", hint, code="not_of_runner", given=given
        )


def with_ray(
    sources: Sequence[str],
    out: Path | None,
    address: str | None,
    shard_dir: Path | None,
    memory: str | None,
    json: bool,
    strict: bool,
    **settings: Any,
) -> None:
    """Encode on a Ray cluster and print what came into the index."""
    from vlret.engines.ray import index_with_ray

    settings["exclude"] = settings["exclude"] or ()
    report = index_with_ray(sources, out, address, shard_dir, memory or "4GB", **settings)
    if json:
        output.print_json(report.to_dict())
    else:
        output.show_lines(merge_text(report))
    if (report.found and report.new + report.unchanged == 0) or (strict and report.skipped):
        raise typer.Exit(1)
