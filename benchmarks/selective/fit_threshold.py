"""Chooses the default threshold of segments: `python -m benchmarks.selective.fit_threshold --sets runs/selective`.

The best one finds the starts of the known events of dev_cuts and dev_fades (vljepa-mini's training clips, joined by
benchmarks/selective/assemble.py) best: mean F1 of the two sets, an event being found if a segment starts within a
second of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from numpy.typing import NDArray

from benchmarks.console import launch
from vlret.index.windows import Windows, embed_windows
from vlret.models.base import Embedder
from vlret.models.registry import load_model
from vlret.segmentation.spans import spans, window_starts

SETS = ("dev_cuts", "dev_fades")
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0)
NEAR_S = 1.0
Seconds = NDArray[np.float64]


def main(
    sets: Annotated[Path, typer.Option(help="Directory of the assembled sets.")] = Path("runs/selective"),
    model: Annotated[str, typer.Option(help="Model whose windows are cut.")] = "vljepa-mini",
    videos: Annotated[int, typer.Option(min=1, help="Videos of each set.")] = 6,
) -> None:
    """Print, for each threshold, how many events start, how many segments, and F1, in each set."""
    embedder = load_model(model)
    read = {name: read_set(sets / name, embedder, videos) for name in SETS}
    print(f"{'threshold':>9}" + "".join(f"  {name:>9}: events segments    F1" for name in SETS) + "  mean F1")
    for threshold in THRESHOLDS:
        counts = [found(read[name], threshold) for name in SETS]
        scores = [2 * n_found / (n_events + n_segments) for n_events, n_segments, n_found in counts]
        cells = [f"{' ' * 11}{n:7} {m:8} {f:.3f}" for (n, m, _), f in zip(counts, scores, strict=True)]
        print(f"{threshold:9}{'  '.join(cells)}  {np.mean(scores):.3f}")


def read_set(folder: Path, embedder: Embedder, n_videos: int) -> list[tuple[Windows, Seconds]]:
    """The windows of each video, and where its events start, the first one left out."""
    table = pd.read_csv(folder / "annotations.csv")
    starts = {path: np.unique(rows["start"].to_numpy())[1:] for path, rows in table.groupby("path")}
    return [(embed_windows(embedder, folder / str(path)), starts[path]) for path in sorted(starts)[:n_videos]]


def found(videos: list[tuple[Windows, Seconds]], threshold: float) -> tuple[int, int, int]:
    """Starts of events, of segments, and pairs of them within `NEAR_S` seconds, over all videos."""
    counts = np.zeros(3, np.int64)
    for windows, events in videos:
        first = window_starts(windows.starts_s, windows.vectors, threshold=threshold)
        segments = np.array([start for start, _ in spans(windows.starts_s, windows.ends_s, first)[1:]])
        counts += len(events), len(segments), n_pairs(events, segments)
    n_events, n_segments, n_found = counts.tolist()
    return n_events, n_segments, n_found


def n_pairs(events: Seconds, segments: Seconds) -> int:
    """The most pairs of an event and a segment within `NEAR_S` seconds, each used once; both ascend."""
    left, n = list(segments), 0
    for event in events:
        near = next((start for start in left if abs(start - event) <= NEAR_S), None)
        if near is not None:
            left = [start for start in left if start > near]
            n += 1
    return n


if __name__ == "__main__":
    launch(main)
