"""`vlret bench selective`: selective decoding against fixed rates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import bench_options, options, output


def selective(
    videos: Annotated[Path, typer.Option(metavar="DIR", help="Directory of the videos.")],
    annotations: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="A table with columns path, start, end, text, or Ego-Exo4D's atomic_descriptions_val.json.",
        ),
    ],
    model: options.Model = options.DEFAULT_MODEL,
    captioner: Annotated[
        str, typer.Option(help="auto, decoder, bank, a text decoder's directory, or a file of sentences.")
    ] = "auto",
    rate: Annotated[float, typer.Option(help="Sliding windows a second.")] = 2.0,
    length: Annotated[float, typer.Option(help="Seconds of a window.")] = 2.0,
    allow_missing: bench_options.AllowMissing = False,
    out: Annotated[Path | None, typer.Option(help="Directory for the result as JSON, HTML and CSV.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Directory of the embedding cache.")] = None,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    json: options.AsJson = False,
) -> None:
    """How few decodes describe videos as well as one a second, by method.

    Needs PySceneDetect: pip install scenedetect-headless. Windows are cached: run the same command again to resume.

    Example: vlret bench selective --videos videos/ --annotations videos/annotations.csv --out results/selective
    """
    from vlret.evaluation.standalone.selective.annotations import read_videos
    from vlret.evaluation.standalone.selective.run import run_selective
    from vlret.models.captioners.registry import load_captioner
    from vlret.models.registry import load_model
    from vlret.reports.selective_page import PAGE, write_selective
    from vlret.reports.selective_table import selective_table

    annotated, missing = read_videos(annotations, videos, allow_missing)
    output.say(f"loading {model}")
    embedder = load_model(model, device, dtype)
    result = run_selective(
        annotated, embedder, load_captioner(captioner, embedder), name=annotations.name, missing=missing,
        rate_hz=rate, length_s=length, cache=cache,
    )  # fmt: skip
    if out:
        write_selective(result, out)
        output.say(f"wrote {output.existing(out / 'result.json')} and {output.existing(out / PAGE)}")
    if json:
        output.print_json(result.to_json(), indent=None)
    else:
        output.show_lines(selective_table(result))
