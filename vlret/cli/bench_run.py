"""`vlret bench run`: all benchmarks of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import options, output


def run(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.toml", help="TOML file with one [[run]] table per benchmark.")
    ],
    out: Annotated[Path, typer.Option(help="Directory with one subdirectory per result.")],
    data: Annotated[
        Path | None, typer.Option(help="Base directory of the paths in FILE (default: that of FILE).")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Replaces the models in FILE; repeat it for several."),
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="Directory of the embedding cache.")] = None,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
) -> None:
    """Run the benchmarks listed in a file.

    If one fails, the others still run. Embeddings are cached: run the same command again to resume.

    Example: vlret bench run benchmarks.toml --out results/
    """
    from dataclasses import replace

    from vlret.evaluation.inputs.bench_all import bench_all
    from vlret.evaluation.inputs.request_file import read_requests
    from vlret.reports.bench_text import result_table
    from vlret.reports.write_bench_reports import write_reports

    requests = read_requests(file, data)
    if model:
        requests = {name: replace(request, models=model) for name, request in requests.items()}
    n_done = 0
    for name, folder, result in bench_all(requests, out, device, dtype, cache, output.say):
        n_done += 1
        write_reports(result, folder)
        output.show_lines(f"{name}\n\n{result_table(result)}\n")
    if not n_done:
        raise typer.Exit(1)
