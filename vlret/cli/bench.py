"""`vlret bench`: models side by side on benchmark sets."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import bench_captions, bench_mteb, options, output
from vlret.errors import UsageError, VlretError

TASKS = {
    "retrieval": "Text to video and video to text over a set, or over your own index.",
    "classification": "Zero-shot classes of a set, of a CSV, or of a folder for each class.",
    "vqa": "Questions answered from candidates.",
    "text": "Text encoders alone: which of three captions says something else?",
}
_EXAMPLE = (
    "\n\nExample: vlret bench {} --dataset {} --annotations annotations/ --model vljepa-mini --model clip "
    "--out results/run"
)
_SETS = {
    "retrieval": "msrvtt --data videos/", "classification": "kinetics400 --data videos/",
    "vqa": "pope --data photos/", "text": "visla",
}  # fmt: skip


def bench_app() -> typer.Typer:
    """The group of verbs `vlret bench`."""
    app = typer.Typer(
        rich_markup_mode=None, help="Models side by side on benchmark sets.", no_args_is_help=False
    )
    for task, text in TASKS.items():
        app.command(task, help=text + _EXAMPLE.format(task, _SETS[task]))(run_task)
    app.command("captions")(bench_captions.captions)
    app.command("mteb")(bench_mteb.mteb)
    app.command("datasets")(datasets)
    app.command("compare")(compare)
    return app


def run_task(
    context: typer.Context,
    dataset: Annotated[str | None, typer.Option(help="A name of `vlret bench datasets`.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the videos or images.")] = None,
    annotations: options.SetAnnotations = None,
    model: Annotated[
        list[str] | None, typer.Option(help="As for `vlret index`, or module:Class; give several to compare.")
    ] = None,
    vectors: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE.parquet", help="Vectors made elsewhere: columns kind, key, vector."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the result as JSON, HTML, tables and ranks.")
    ] = None,
    captions: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Retrieval: your own set, columns path, caption.")
    ] = None,
    index: Annotated[Path | None, typer.Option(help="Retrieval: search this index for the captions.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="Classification: columns path, label; or a folder for each class."
        ),
    ] = None,
    questions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Vqa: your own set, path, question, answers, answer (.jsonl, .json or .csv)."
        ),
    ] = None,
    choice: options.Choice = None,
    frames: Annotated[int | None, typer.Option(min=1, help="Frames a clip (default: the set's).")] = None,
    sampling: Annotated[str | None, typer.Option(help="midpoint (default) or endpoints.")] = None,
    resize: Annotated[
        str | None, typer.Option(help="model (default): its own transform, which may crop; or squash.")
    ] = None,
    text_tokens: Annotated[
        int | None,
        typer.Option(min=3, help="Retrieval: beside whole texts, all cut to so many tokens of CLIP's."),
    ] = None,
    prompt: Annotated[
        list[str] | None,
        typer.Option(help="Classification: template with one {} for class names (default: the set's)."),
    ] = None,
    query: Annotated[str | None, typer.Option(help="Query for the predictor (default: the model's).")] = None,
    ties: Annotated[str | None, typer.Option(help="expected (default), optimistic or pessimistic.")] = None,
    rerank: Annotated[
        list[str] | None,
        typer.Option(
            help="Retrieval: beside plain cosine dual_softmax, pe_reweighting, qb_norm. Uses other test queries."
        ),
    ] = None,
    undecodable: Annotated[
        str | None, typer.Option(help="Media that do not decode: wrong (default), excluded.")
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Run on a partial copy; every number says so.")
    ] = False,
    cache: Annotated[Path | None, typer.Option(help="Folder for vectors between runs.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that decode.")] = 1,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    json: options.AsJson = False,
) -> None:
    """Run one task; the group gives each its own help."""
    from vlret.evaluation.inputs.request import Order, bench
    from vlret.reports.bench_text import result_table

    fields = {
        "frames": frames, "sampling": sampling, "resize": resize, "text_tokens": text_tokens, "query": query,
        "prompts": tuple(prompt) if prompt else None, "ties": ties, "rerank": tuple(rerank) if rerank else None,
        "undecodable": undecodable, "allow_missing": allow_missing or None,
    }  # fmt: skip
    order = Order(
        str(context.info_name), dataset, annotations, options.choices(choice), captions, labels, questions, index, data,
        model or [], vectors or [], {name: value for name, value in fields.items() if value is not None},
    )  # fmt: skip
    try:
        result = bench(
            order, out=out, device=device, dtype=dtype, cache=cache, workers=workers, say=output.say
        )
    except VlretError as error:
        if json and "files" in error.fields:
            output.print_json({"missing": list(error.fields["files"])}, indent=None)
        raise
    if out:  # before printing: whoever reads may go (`| head`)
        from vlret.reports.bench_files import PAGE, write_reports

        write_reports(result, out)
        output.say(f"wrote {output.existing(out / 'result.json')} and {output.existing(out / PAGE)}")
    if json:
        output.print_json(result.to_json(), indent=None)
    else:
        output.show_lines(result_table(result))


def datasets(
    annotations: options.Annotations = None,
    json: options.AsJson = False,
) -> None:
    """List the benchmark sets: sizes, licences, choices, and which annotation files are missing here."""
    from vlret.datasets.registry import overview
    from vlret.reports.bench_text import datasets_table

    if annotations is not None and not annotations.is_dir():
        raise UsageError(f"{annotations} is no folder.", "Give the folder that holds one for each set.")
    rows = overview(annotations)
    if json:
        print(json_module.dumps(rows, indent=2))
    else:
        output.show_lines(datasets_table(rows))


def compare(
    first: Annotated[Path, typer.Argument(metavar="A.json", help="A result, or its folder.")],
    second: Annotated[
        Path | None, typer.Argument(metavar="B.json", help="Another (default: the models of A.json).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Compare in spite of unequal stamps.")] = False,
    json: options.AsJson = False,
) -> None:
    """Compare two results on the same queries; unequal protocols are refused and named.

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
