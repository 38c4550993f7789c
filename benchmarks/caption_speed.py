"""Seconds to caption a minute of video from an index: `python -m benchmarks.caption_speed INDEX`, on an idle machine.

The model, the captioner and the index are loaded first; then the first minute of the index is captioned.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer

from benchmarks.console import launch
from vlret.cli.output import show
from vlret.index.index import Index
from vlret.models.captioners.registry import load_captioner
from vlret.tasks.index_model import model_for_index

MINUTE_S = 60.0


def main(
    index: Annotated[Path, typer.Argument(help="An index with a minute of video or more.")],
    captioner: Annotated[str, typer.Option(help="As for `vlret caption`.")] = "auto",
    runs: Annotated[int, typer.Option(min=1, help="How often the minute is captioned.")] = 5,
) -> None:
    """Print the seconds of start and of each run."""
    begin_s = perf_counter()
    opened = Index.open(index)
    made_by = load_captioner(captioner, model_for_index(opened))
    rows = opened.rows()
    n_clips = 1 + int((np.cumsum(rows["end"] - rows["start"]) < MINUTE_S).sum())
    vectors = opened.vectors()[:n_clips]
    made_by.caption(vectors[:1])  # loads the text decoder
    show(f"start {perf_counter() - begin_s:.2f} s")
    for _ in range(runs):
        begin_s = perf_counter()
        made_by.caption(vectors)
        show(f"{len(vectors)} clips {perf_counter() - begin_s:.3f} s")


if __name__ == "__main__":
    launch(main)
