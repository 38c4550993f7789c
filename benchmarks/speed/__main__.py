"""Speed and memory of indexing: `python -m benchmarks.speed`, on an idle machine.

Ten minutes of video are cut into 10 s windows of 8 frames each and decoded alone, encoded alone and indexed: one
video whose decoding takes as long as the model, and one that costs the model alone. Each part is a process of its
own, so that start-up, CPU seconds and memory are all counted; the parts take turns, and medians are printed.

With `--encoders --engine torch` index runs with other numbers of encoders and threads take turns with them.
`python -m benchmarks.speed images` indexes 20,000 small images and prints the memory of each tenth of the run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import astuple
from typing import Annotated

import numpy as np
import typer

from benchmarks.console import launch
from benchmarks.speed.measure import Usage, command_of, measured, memory_of
from benchmarks.speed.parts import ALONE, ENCODERS, INDEX, N_CLIPS, Settings
from benchmarks.speed.sources import DURATION_S, VIDEOS, images, video
from vlret.errors import UsageError
from vlret.evaluation.results.stamp import machine
from vlret.models.device import check_names

Round = dict[str, Usage]
"""What each part used in one round."""


def main(
    what: Annotated[
        str, typer.Argument(help="camera or slides (a video each), images, or all videos.")
    ] = "videos",
    dtype: Annotated[str, typer.Option(help="As for vlret index.")] = "auto",
    engine: Annotated[str, typer.Option(help="As for vlret index.")] = "auto",
    encoders: Annotated[
        bool, typer.Option("--encoders", help="Other numbers of encoders, too (PyTorch).")
    ] = False,
    rounds: Annotated[int, typer.Option(help="Runs of each part.", min=1)] = 3,
    n_images: Annotated[int, typer.Option(help="Images to index.", min=1)] = 20_000,
) -> None:
    """Measure index runs over videos against their parts, or the memory of one over images."""
    check_names("cpu", dtype, engine)
    if encoders and engine != "torch":
        raise UsageError("OpenVINO has one encoder in all cores.", "Give --engine torch, or no --encoders.")
    if what not in ("videos", "images", *VIDEOS):
        raise UsageError(
            f"There is no {what!r} to index.", f"There are: videos, images, {', '.join(VIDEOS)}."
        )
    if what == "images":
        readings = memory_of(command_of("index", Settings(images(n_images), dtype, engine)))
        print(memory_table(np.array(readings), n_images))
    parts = [*ALONE, *INDEX, *(ENCODERS if encoders else {})]
    for name in VIDEOS if what == "videos" else {what} & VIDEOS.keys():
        settings = Settings(video(name), dtype, engine)
        figures = [{part: measured(part, settings) for part in parts} for _ in range(rounds)]
        print(
            f"\n{name}, dtype {dtype}, engine {engine}, medians of {rounds}\n{speed_table(figures)}",
            flush=True,
        )
    # last: it imports torch, and with a larger parent a part would begin with a larger peak
    print(", ".join(map(str, machine().values())))


def speed_table(rounds: Sequence[Round]) -> str:
    """Return the medians of each part, and how far a whole run is from the slowest of what it is made of."""
    lines = ["| part | wall s | CPU s | clips/s | x real time | peak GB |", "|---|---|---|---|---|---|"]
    for part in rounds[0]:
        wall_s, cpu_s, peak_gb, _ = np.median([astuple(figures[part]) for figures in rounds], axis=0)
        if part != "model":  # the decoding child; PyTorch forks one that would count the pages of its parent
            peak_gb += np.median([figures["decode"].child_gb for figures in rounds])
        speed = f"{N_CLIPS / wall_s:.1f} | {DURATION_S / wall_s:.0f}"
        lines.append(f"| {part} | {wall_s:.1f} | {cpu_s:.1f} | {speed} | {peak_gb:.2f} |")
    ratios = sorted(map(ratio, rounds))
    found = f"{np.median(ratios):.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f})"
    return "\n".join([*lines, f"whole run / max(decode, model, their CPU seconds by core): {found}"])


def ratio(figures: Round, cores: int = os.cpu_count() or 1) -> float:
    """Return the time of a whole run by the least it can take: that of its slower part, or of all work on all cores."""
    alone = [figures["decode"], figures["model"]]
    bound = max(*(usage.wall_s for usage in alone), sum(usage.cpu_s for usage in alone) / cores)
    return figures["index"].wall_s / bound


def memory_table(readings: np.ndarray, n_images: int) -> str:
    """Return the most memory of each tenth of a run, of `readings` [n, 3]: seconds, MB of the run, of its children."""
    end_s = readings[-1, 0]
    lines = [
        f"{n_images} images in {end_s:.0f} s, {n_images / end_s:.0f} images/s, "
        f"peak {readings[:, 1:].sum(1).max():.0f} MB",
        "| part of the run | index MB | decoder MB |", "|---|---|---|",
    ]  # fmt: skip
    tenths = np.minimum(readings[:, 0] / end_s * 10, 9).astype(int)
    for tenth in np.unique(tenths).tolist():
        own, children = readings[tenths == tenth, 1:].max(0)
        lines.append(f"| {tenth / 10:.1f} to {(tenth + 1) / 10:.1f} | {own:.0f} | {children:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    launch(main)
