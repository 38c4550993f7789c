"""Assembles captioned clips into long videos with known events, for `vlret bench selective`.

`python -m benchmarks.selective.assemble --data DIR --out runs/selective` writes four directories, each with videos and
annotations.csv: test_cuts and test_fades of clips that vljepa-mini was not trained on, dev_cuts and dev_fades of its
training clips, for the choice of settings. The same events stand in both files of a pair, joined by hard cuts or by
cross-fades of 2 s.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from benchmarks.console import launch
from benchmarks.selective.clips import read_clips
from benchmarks.selective.plan import Event, plan_videos
from benchmarks.selective.render import FADE_S, render
from vlret.files import replace_file

N_VIDEOS = {"dev": 6, "test": 8}
JOINS = {"cuts": 0.0, "fades": FADE_S}
HEADING = ("path", "start", "end", "text", "set", "clip", "trained_on")


def main(
    data: Annotated[Path, typer.Option(help="Directory with videos/.")] = Path("../shared/data"),
    out: Annotated[Path, typer.Option(help="Directory for the assembled sets.")] = Path("runs/selective"),
) -> None:
    """Assemble long videos of the captioned clips in DATA.

    Videos that are there are kept: run the same command again to resume.
    """
    for split, n_videos in N_VIDEOS.items():
        clips = read_clips(data / "videos", split == "dev", out / "clips")
        videos = plan_videos(clips, n_videos)
        for joins, fade_s in JOINS.items():
            write_set(videos, out / f"{split}_{joins}", fade_s)


def write_set(videos: Sequence[Sequence[Event]], folder: Path, fade_s: float) -> None:
    """Write the videos that are not there yet, then annotations.csv."""
    paths = [folder / f"{number:02}.mp4" for number in range(len(videos))]
    for events, path in zip(tqdm(videos, folder.name, unit="video"), paths, strict=True):
        if not path.exists():
            render(events, path, fade_s)
    rows = [
        row for events, path in zip(videos, paths, strict=True) for e in events for row in _rows(path.name, e)
    ]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([HEADING, *rows])
    replace_file(folder / "annotations.csv", out.getvalue().encode())


def _rows(name: str, event: Event) -> list[tuple[str | float, ...]]:
    """A row for each caption of the event's clip."""
    clip, trained_on = event.clip, "yes" if event.clip.trained_on else "no"
    return [
        (name, event.start_s, event.end_s, text, clip.set, clip.path.name, trained_on)
        for text in clip.captions
    ]


if __name__ == "__main__":
    launch(main)
