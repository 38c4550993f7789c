"""The tables that `python -m benchmarks.scale_model` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.scale_model.encoding import Machine
from benchmarks.scale_model.points import Point
from benchmarks.scale_model.rates import Rates, predicted
from benchmarks.scale_model.sizes import shown, shown_s
from benchmarks.scale_model.storage import Library, column_bytes, vector_bytes, view_bytes
from vlret.index.view.codes import Codes, all_codes
from vlret.reports.text_table import aligned


@dataclass(frozen=True, slots=True)
class Prices:
    """What the user pays, in any currency: a core for an hour, a GB of disk for a month; None: not asked for."""

    core_hour: float | None
    gb_month: float | None


def library_table(
    libraries: Sequence[Library], rates: Rates, machine: Machine, days: float, prices: Prices
) -> str:
    """Encoding, disk, and the index as vlret searches it by itself: a column for each library."""
    points = {library: predicted(rates, library) for library in libraries}
    rows: dict[str, Callable[[Library, Point], str]] = {
        "hours of video": lambda library, _: f"{library.hours:,.0f}",
        "encoding, one machine": lambda library, _: shown_s(3600 * machine.hours(library)),
        f"machines for {days:g} days": lambda library, _: f"{machine.needed(library, days):,}",
        "core hours": lambda library, _: f"{machine.hours(library) * machine.cores:,.0f}",
    }
    if prices.core_hour is not None:
        core_hour = prices.core_hour
        rows["... at your price"] = lambda library, _: (
            f"{machine.hours(library) * machine.cores * core_hour:,.2f}"
        )
    rows |= {
        "shards": lambda library, point: shown(_shards(library, point)),
        "view": lambda library, point: shown(point.view_bytes * library.clips),
        "... of it columns": lambda library, _: shown(column_bytes(library)),
    }
    if prices.gb_month is not None:
        gb_month = prices.gb_month
        rows["a month of both at your price"] = lambda library, point: (
            f"{(_shards(library, point) / library.clips + point.view_bytes) * library.clips / 1e9 * gb_month:,.2f}"
        )
    rows |= {
        "kind of view": lambda _, point: point.kind,
        "building the view": lambda _, point: f"{shown_s(point.build_s)}, {shown(point.build_peak_bytes)}",
        "vlret search, a new process": lambda _, point: (
            f"{shown_s(point.start_s)}, {shown(point.start_peak_bytes)}"
        ),
        "FAISS alone": lambda _, point: shown_s(point.faiss_s),
        "Index.search": lambda _, point: shown_s(point.index_s),
        "Searcher.search": lambda _, point: shown_s(point.searcher_s),
    }
    cells = [[name, *(cell(*pair) for pair in points.items())] for name, cell in rows.items()]
    return "\n".join(aligned([_heading(libraries), *cells]))


def view_table(libraries: Sequence[Library], rates: Rates, memory: int) -> str:
    """Memory of each kind of view, and the disk of the vectors beside it; `*` where it is more than `memory`."""
    codes = all_codes(libraries[0].dim)
    rows = [[one.name, *(_view(library, one, memory) for library in libraries)] for one in codes]
    note = f"* more than {shown(memory)} of memory: a part of the machines, or shorter codes"
    heading = ["view: memory (disk)", *_heading(libraries)[1:]]
    return "\n".join([*aligned([heading, *rows]), note])


def _view(library: Library, codes: Codes, memory: int) -> str:
    n_bytes, beside = view_bytes(library, codes), vector_bytes(library, codes)
    star = " *" if n_bytes > memory else ""
    return f"{shown(n_bytes)}{star}" + (f" ({shown(beside)})" if beside else "")


def _shards(library: Library, point: Point) -> float:
    return point.shard_bytes * library.clips


def _heading(libraries: Sequence[Library]) -> list[str]:
    return ["", *(f"{library.clips:,} clips" for library in libraries)]
