"""What the terminal shows of `vlret bench scale`, and its rows for other forms."""

from __future__ import annotations

from collections.abc import Callable

from vlret.evaluation.standalone.scale.result import Latency, Process, ScaleResult, SizeFigures
from vlret.reports.text_table import aligned

Cell = Callable[[SizeFigures], str]


def scale_table(result: ScaleResult) -> str:
    """A column for each size, and the processor."""
    machine = result.machine
    named = f"{machine['processor']}, {machine['cores']} cores, {', '.join(machine['instructions'])}"
    return "\n".join([*aligned(rows(result)), "", named])


def rows(result: ScaleResult) -> list[list[str]]:
    """The heading and a row for each figure: its name, and its value for each size."""
    heading = ["", *(f"{size.clips:,} clips" for size in result.sizes)]
    return [heading, *([name, *map(cell, result.sizes)] for name, cell in _cells(result.sizes[0]).items())]


def _cells(first: SizeFigures) -> dict[str, Cell]:
    filters = [
        (f"filter by {one.kind}, {one.selectivity:g} of the clips", _filtered(number))
        for number, one in enumerate(first.filters)
    ]
    return {**_CELLS, **dict(filters)}


_CELLS: dict[str, Cell] = {
    "files": lambda size: f"{size.files:,}",
    "FAISS type": lambda size: size.view.type,
    "lists searched": lambda size: str(size.view.nprobe or "all"),
    "bytes a clip: shards, view": lambda size: f"{size.view.shard_bytes:.0f}, {size.view.view_bytes:.0f}",
    "building the view": lambda size: _process(size.build),
    "vlret search, a new process": lambda size: f"{_seconds(size.cold)}, {_memory(size.cold_peak_bytes)}",
    "first one after 1,000 new clips": lambda size: _process(size.after_adding),
    "FAISS alone": lambda size: _milliseconds(size.warm.faiss),
    "Index.search": lambda size: _milliseconds(size.warm.index),
    "... against FAISS alone": lambda size: (
        f"x {size.warm.ratio:.2f}, {1e3 * size.warm.difference_s:+.2f} ms"
    ),
    "Searcher.search": lambda size: _milliseconds(size.warm.searcher),
    "recall@10: sentences, clips": lambda size: f"{size.text_recall:.3f}, {size.clip_recall:.3f}",
}


def _filtered(number: int) -> Cell:
    def cell(size: SizeFigures) -> str:
        one = size.filters[number]
        return f"{1e3 * one.search.p50_s:.1f} ms ({1e3 * one.more_s:+.1f}), recall {one.recall:.3f}"

    return cell


def _seconds(latency: Latency) -> str:
    return f"{latency.p50_s:.2f} s (p99 {latency.p99_s:.2f})"


def _milliseconds(latency: Latency) -> str:
    return f"{1e3 * latency.p50_s:.2f} ms (p99 {1e3 * latency.p99_s:.2f})"


def _process(process: Process) -> str:
    return f"{process.seconds:.1f} s, {_memory(process.peak_bytes)}"


def _memory(n_bytes: int | None) -> str:
    return "" if n_bytes is None else f"{n_bytes / 1e6:,.0f} MB"
