"""`vlret bench`: models side by side on benchmark datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import (
    bench_captions,
    bench_mteb,
    bench_options,
    bench_run,
    bench_scale,
    bench_selective,
    options,
    output,
)
from vlret.cli.bench_options import TaskOptions
from vlret.errors import UsageError, VlretError


def bench_app() -> typer.Typer:
    """The group of commands `vlret bench`."""
    app = typer.Typer(
        rich_markup_mode=None, help="Compare models on benchmark datasets.", no_args_is_help=False
    )
    for task in bench_options.TASKS:
        app.command(task.task)(bench_options.command(task, run_task))
    app.command("run")(bench_run.run)
    app.command("captions")(bench_captions.captions)
    app.command("selective")(bench_selective.selective)
    app.command("scale")(bench_scale.scale)
    app.command("mteb")(bench_mteb.mteb)
    app.command("datasets")(datasets)
    app.command("compare")(compare)
    return app


def run_task(given: TaskOptions) -> None:
    """Run one task, write its files and print its table."""
    from vlret.evaluation.inputs.bench import bench
    from vlret.reports.bench_text import result_table

    try:
        result = bench(given.request(), say=output.say, **given.execution())
    except VlretError as error:
        if "files" not in error.fields:
            raise
        if given.json:
            output.print_json({"missing": list(error.fields["files"])}, indent=None)
        raise _with_where(error, given) from error
    if given.out:  # before printing: the reader of stdout may exit (`| head`)
        from vlret.reports.write_bench_reports import PAGE, write_reports

        write_reports(result, given.out)
        output.say(
            f"wrote {output.existing(given.out / 'result.json')} and {output.existing(given.out / PAGE)}"
        )
    if given.json:
        output.print_json(result.to_json(), indent=None)
    else:
        output.show_lines(result_table(result))


def _with_where(error: VlretError, given: TaskOptions) -> VlretError:
    """The same error, which says where all its files are listed if it names only some."""
    from vlret.evaluation.tasks.missing import N_NAMED

    if given.out or not error.fields["files"][N_NAMED:]:
        return error
    message = f"{error.message} All are listed with --out DIR, or with --json."
    return type(error)(message, error.hint, code=error.code, **error.fields)


def datasets(
    annotations: bench_options.Annotations = None,
    json: options.AsJson = False,
) -> None:
    """List the benchmark datasets with their sizes, licences, choices and missing annotation files."""
    import json as json_module

    from vlret.datasets.registry import overview
    from vlret.reports.bench_text import datasets_table

    if annotations is not None and not annotations.is_dir():
        raise UsageError(
            f"{annotations} is not a directory.",
            "Give the directory with one subdirectory per dataset.",
            code="not_a_directory",
            path=annotations,
        )
    rows = overview(annotations)
    if json:
        print(json_module.dumps(rows, indent=2))
    else:
        output.show_lines(datasets_table(rows))


def compare(
    first: Annotated[Path, typer.Argument(metavar="A.json", help="A result, or its directory.")],
    second: Annotated[
        Path | None, typer.Argument(metavar="B.json", help="Another (default: the models of A.json).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Compare although the protocols differ.")] = False,
    json: options.AsJson = False,
) -> None:
    """Compare two results on the same queries. Different protocols are an error.

    Example: vlret bench compare results/a results/b
    """
    from dataclasses import asdict

    from vlret.evaluation.results.compare import compare as compare_results
    from vlret.evaluation.results.compare import stamp_differences
    from vlret.evaluation.results.read import read_result
    from vlret.reports.bench_text import comparison_table

    one = read_result(first)
    other = read_result(second) if second else one
    found = compare_results(one, other, force=force)
    differing = stamp_differences(one, other)
    if json:
        output.print_json(
            {"differences": [asdict(d) for d in differing], "comparisons": [asdict(c) for c in found]}
        )
        return
    for difference in differing:
        output.say(difference.line())
    output.show_lines(comparison_table(found))
