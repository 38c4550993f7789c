"""How exact moments are: `python -m benchmarks.moments --sets runs/selective --split test`.

The videos are those that benchmarks/selective/assemble.py joins of captioned clips, so that the borders of each event
are known. A query is the caption of an event; its hit is the best clip of that video in an index with the default
clips; the moment is what `vlret search --moments` makes of it. Windows are kept in the cache of
`vlret bench selective`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.console import launch
from vlret.cache_folder import default_cache
from vlret.evaluation.metrics.statistics import bootstrap_interval
from vlret.evaluation.standalone.selective.annotations import AnnotatedVideo, read_videos
from vlret.evaluation.standalone.selective.windows import kept_windows
from vlret.index.build import build_index
from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.index.windows import LENGTH_S, RATE_HZ, Windows
from vlret.models.base import Embedder
from vlret.models.registry import load_model
from vlret.reports.text_table import aligned
from vlret.tasks.file_windows import AROUND_S
from vlret.tasks.moments import LEVEL, baseline_of, curve_of, moment_near
from vlret.types import Vectors

LEVELS = (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Found:
    """One query: its event and what was found, `[start, end)` in seconds each, and the video it is of."""

    event: Span
    window: Span
    moments: tuple[Span, ...]
    video: str

    @property
    def is_right(self) -> bool:
        """Whether the hit shows something of the event."""
        return overlap(self.window, self.event) > 0


def main(
    sets: Annotated[Path, typer.Option(help="Directory of the assembled sets.")] = Path("runs/selective"),
    split: Annotated[str, typer.Option(help="dev, to choose the level, or test.")] = "test",
    model: Annotated[str, typer.Option(help="Model of the index.")] = "vljepa-mini",
    out: Annotated[Path, typer.Option(help="Directory for the indexes.")] = Path("runs/moments"),
) -> None:
    """Print the errors of moments beside those of clips, for each set of a split."""
    embedder = load_model(model)
    levels = LEVELS if split == "dev" else (LEVEL,)
    for name in (f"{split}_cuts", f"{split}_fades"):
        videos, _ = read_videos(sets / name / "annotations.csv", sets / name)
        build_index([video.path for video in videos], out / name, embedder)
        found = find(videos, Index.open(out / name), embedder, levels)
        print("\n".join([name, *aligned(table(found, levels))]), end="\n\n", flush=True)


def find(
    videos: Sequence[AnnotatedVideo], index: Index, model: Embedder, levels: Sequence[float]
) -> list[Found]:
    """What each caption finds in its video: the best clip, and its moment with each level."""
    kept = kept_windows([video.path for video in videos], model, RATE_HZ, LENGTH_S, default_cache())
    found = []
    for video, windows in zip(videos, kept, strict=True):
        for event in video.annotations:
            for vector in model.embed_texts(event.texts):
                (hit,) = index.search(vector[None], k=1, only=Filter(path=str(video.path)))[0]
                window = (hit.start, hit.end)
                baseline = baseline_of(index, vector)
                cut = tuple(_moment(windows, vector, baseline, window, level) for level in levels)
                found.append(Found((event.start_s, event.end_s or 0.0), window, cut, video.name))
    return found


def _moment(windows: Windows, vector: Vectors, baseline: float, window: Span, level: float) -> Span:
    start, end = window
    near = (windows.starts_s >= start - AROUND_S) & (windows.starts_s < end + AROUND_S)
    part = replace(
        windows, starts_s=windows.starts_s[near], ends_s=windows.ends_s[near], vectors=windows.vectors[near]
    )
    moment = moment_near(curve_of(part, vector, baseline), start, end, level)
    return (moment.start, moment.end) if moment else window


def table(found: Sequence[Found], levels: Sequence[float]) -> list[list[str]]:
    """A row for the windows and for the moments with each level; 95% intervals draw whole videos."""
    heading = ["", "start, s", "end, s", "border, s", "IoU", "all: IoU 0.5, %", "all: IoU 0.7, %"]
    rows = [_row("clips", found, [one.window for one in found])]
    for number, level in enumerate(levels):
        rows.append(_row(f"moments, level {level:g}", found, [one.moments[number] for one in found]))
    n_right = sum(one.is_right for one in found)
    return [heading, *rows, [f"{n_right} of {len(found)} hits are right", *[""] * 6]]


def _row(name: str, found: Sequence[Found], spans: Sequence[Span]) -> list[str]:
    """Errors and IoU over the hits that are right; the share of all queries above an IoU."""
    videos = np.array([one.video for one in found])
    right = np.array([one.is_right for one in found])
    events, cut = np.array([one.event for one in found]), np.array(spans)
    errors = np.abs(cut - events)
    ious = np.array([iou(one.event, span) for one, span in zip(found, spans, strict=True)])
    over_right = [errors[:, 0], errors[:, 1], errors.mean(1), ious]
    cells = [_cell(values[right], videos[right], 2) for values in over_right]
    return [name, *cells, *(_cell(100.0 * (ious >= least), videos, 0) for least in (0.5, 0.7))]


def _cell(values: NDArray[np.float64], videos: NDArray[np.str_], digits: int) -> str:
    low, high = bootstrap_interval(values, videos)
    return f"{values.mean():.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def overlap(one: Span, other: Span) -> float:
    """Seconds that two spans share."""
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def iou(one: Span, other: Span) -> float:
    """Seconds that two spans share, of those that they cover together."""
    shared = overlap(one, other)
    return shared / (one[1] - one[0] + other[1] - other[0] - shared)


if __name__ == "__main__":
    launch(main)
