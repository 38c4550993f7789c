"""Scores vljepa-mini and its baselines on photographs and clips they were not trained on.

`python -m benchmarks.mini --data DIR` prepares the datasets, runs `bench.toml` as `vlret bench run` does, and prints
the table of docs and model card. Intervals are 95% bootstrap, drawn by photograph or clip.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.console import launch
from benchmarks.mini.extras import presence_without_picture, rooms, single_frames
from benchmarks.mini.models import UNTRAINED
from benchmarks.mini.rows import Row, rows_of, side_by_side, stamps, table
from benchmarks.mini.sets import write_datasets
from vlret.cli.output import say
from vlret.errors import ModelError, UsageError, VlretError
from vlret.evaluation.inputs.bench_all import bench_all
from vlret.evaluation.inputs.request import BenchRequest
from vlret.evaluation.inputs.request_file import read_requests
from vlret.evaluation.results.result import BenchResult, ModelResult
from vlret.models.base import Embedder
from vlret.models.registry import load_model
from vlret.reports.write_bench_reports import write_reports

BENCH = Path(__file__).with_name("bench.toml")
MINILM_MODEL = "benchmarks.mini.models:untouched_minilm"
DATA = Path("../shared/data")


def main(
    data: Annotated[Path, typer.Option(help="Directory with photos/, videos/, annotations/.")] = DATA,
    model: Annotated[
        list[str] | None,
        typer.Option(help="As for `vlret bench run` (default: vljepa-mini and its baselines)."),
    ] = None,
    dtype: Annotated[
        str, typer.Option(help="float32 or bfloat16; of vljepa-mini's baselines float32.")
    ] = "float32",
    out: Annotated[Path, typer.Option(help="Directory for the results and the prepared datasets.")] = Path(
        "runs/bench"
    ),
) -> None:
    """Score each MODEL on the test splits of the captioned and labelled datasets in DATA.

    Embeddings are kept between runs: run the same command again to resume.
    """
    write_datasets(data, out / "data")
    requests = _requests(out / "data", model)
    rows: dict[str, list[Row]] = {}
    models: dict[str, ModelResult] = {}
    result: BenchResult | None = None
    for name, folder, result in bench_all(requests, out, dtype=dtype, say=say):
        write_reports(result, folder)
        for one in result.models:
            rows.setdefault(one.name, []).extend(rows_of(name, result, one))
            models.setdefault(one.name, one)
    if result is None:
        raise ModelError("Nothing could be scored.", "The lines above say what is missing.")
    for name, embedder in _embedders(requests, dtype):
        rows.setdefault(name, []).extend(_extra_rows(embedder, data, out / "data"))
    _print(rows, models, result.created[:10])


def _requests(folder: Path, models: Sequence[str] | None) -> dict[str, BenchRequest]:
    """Those of `bench.toml`, with `models` in place of its own, without MiniLM where it cannot be loaded."""
    requests = read_requests(BENCH, folder)
    if models:
        return {name: replace(request, models=models) for name, request in requests.items()}
    try:
        load_model(MINILM_MODEL)
    except ModelError as error:
        say(f"{MINILM_MODEL}: skipped. {error.message} {error.hint}")
    else:
        return requests
    return {
        name: replace(request, models=[one for one in request.models if one != MINILM_MODEL])
        for name, request in requests.items()
    }


def _embedders(requests: Mapping[str, BenchRequest], dtype: str) -> Iterator[tuple[str, Embedder]]:
    for name in dict.fromkeys(name for request in requests.values() for name in request.models):
        embedder = load_model(name, dtype=dtype)
        yield embedder.card.name, embedder


def _extra_rows(embedder: Embedder, data: Path, folder: Path) -> list[Row]:
    """What a model can be asked for; the untrained one is asked no questions."""
    try:
        embedder.check_clips()
    except UsageError:
        return []
    rows: list[Row] = []
    try:
        rows += single_frames(embedder, folder)
        if embedder.card.takes_query and embedder.card.name != UNTRAINED:
            rows += [*presence_without_picture(data), rooms(embedder, data)]
    except (VlretError, OSError) as error:
        say(f"{embedder.card.name}: skipped. {error}")
    return rows


def _print(rows: Mapping[str, Sequence[Row]], models: Mapping[str, ModelResult], date: str) -> None:
    for name, of_model in rows.items():
        print(f"\n{name}\n\n{table(of_model)}")
    print(f"\n{stamps(models, date, shlex.join(['python', '-m', 'benchmarks.mini', *sys.argv[1:]]))}")
    if len(rows) > 1:
        print(f"\n{side_by_side(rows)}")


if __name__ == "__main__":
    launch(main)
