"""`vlret bench mteb`: runs models on the tasks of mteb."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import options, output
from vlret.errors import UsageError


def mteb(
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="As for `vlret bench retrieval`; repeat it to compare several."),
    ] = None,
    task: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A task of mteb; repeat it for several.")
    ] = None,
    list_: Annotated[
        str | None,
        typer.Option("--list", help="All tasks of a benchmark of mteb: 'MVEB(text, video)', 'MVEB(video)'."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory for mteb's result files, from which an interrupted run resumes."),
    ] = None,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    json: options.AsJson = False,
) -> None:
    """Run models on the tasks and datasets of mteb, which mteb downloads, with vlret's frame times.

    Needs mteb: pip install "mteb[video]". Tasks that a model does not support, such as those with audio, are skipped.

    Example: vlret bench mteb --list "MVEB(text, video)" --model vljepa-mini --model clip --out results/mveb
    """
    from vlret.evaluation.standalone.mteb import find_tasks, run_tasks
    from vlret.models.registry import load_model
    from vlret.reports.mteb_table import mteb_table

    if not model:
        raise UsageError("No model was given.", code="no_model")
    tasks = find_tasks(task or [], list_)
    models = {}
    for name in model:
        output.say(f"loading {name}")
        models[name] = load_model(name, device, dtype)
    result = run_tasks(models, tasks, benchmark=list_, out=out, say=output.say)
    if json:
        output.print_json(result.to_json(), indent=None)
    else:
        output.show_lines(mteb_table(result))
    if not any(model.results for model in result.models):
        raise typer.Exit(1)
