"""What an index takes per clip, from two sizes that were measured: one that is searched exactly, one with lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.scale_model.points import Point
from benchmarks.scale_model.storage import MEASURED_DIM, Library, column_bytes, view_bytes
from vlret.errors import UsageError
from vlret.index.view.audit import N_HELD_OUT
from vlret.index.view.codes import codes_for, n_lists_for
from vlret.index.view.train import ITERATIONS, n_points_for


@dataclass(frozen=True, slots=True)
class Line:
    """`at_0 + slope * n`."""

    at_0: float
    slope: float

    def __call__(self, n: float) -> float:
        return self.at_0 + self.slope * n


@dataclass(frozen=True, slots=True)
class Rates:
    """Calibrated on `exact` and `lists`, so that `predicted` gives those two back.

    Attributes:
        start_s, start_peak_bytes: of `vlret search` in a new process, by clips.
        compare_s: seconds for one vector that FAISS compares with a query: exact, and within lists.
        above_faiss_s: what `Index.search` takes beside FAISS.
        searcher_s: what `Searcher.search` takes beside `Index.search`, by clips.
        read_s: seconds a clip to read its shard and to add it to a view.
        multiply_s: seconds of a multiplication where lists are trained and clips assigned to them.
        build_growth: most memory of a build, in sizes of the view: exact, and with lists.
    """

    exact: Point
    lists: Point
    start_s: Line
    start_peak_bytes: Line
    compare_s: tuple[float, float]
    above_faiss_s: float
    searcher_s: Line
    read_s: float
    multiply_s: float
    build_growth: tuple[float, float]


def calibrated(points: Sequence[Point]) -> Rates:
    """The rates that give the largest exact index of `points` and the largest with lists.

    Raises:
        UsageError: one of both is missing.
    """
    exact = next((point for point in reversed(points) if point.nprobe == 0), None)
    lists = next((point for point in reversed(points) if point.nprobe > 0), None)
    if exact is None or lists is None:
        raise UsageError(
            "The measured sizes are all above 200,000 clips, or all below.",
            "Measure both: vlret bench scale --sizes 100000,1000000.", code="one_kind_of_index",
        )  # fmt: skip
    start_s = _line(exact, lists, "start_s")
    start_peak_bytes = _line(exact, lists, "start_peak_bytes")
    read_s = (exact.build_s - start_s.at_0) / exact.clips
    build_s = lists.build_s - start_s.at_0 - read_s * lists.clips
    return Rates(
        exact, lists, start_s, start_peak_bytes,
        compare_s=(exact.faiss_s / exact.clips, lists.faiss_s / n_compared(lists.clips, lists.nprobe)),
        above_faiss_s=lists.index_s - lists.faiss_s,
        searcher_s=_through((exact.clips, exact.searcher_s - exact.index_s),
                            (lists.clips, lists.searcher_s - lists.index_s)),
        read_s=read_s,
        multiply_s=build_s / n_multiplications(lists.clips, MEASURED_DIM),
        build_growth=(_growth(exact, start_peak_bytes), _growth(lists, start_peak_bytes)),
    )  # fmt: skip


def predicted(rates: Rates, library: Library, nprobe: int | None = None) -> Point:
    """What `vlret bench scale` would measure for this library, searched as vlret chooses by itself.

    `nprobe`: lists that a search looks into, chosen by an audit of the real view; None: as many as in `rates.lists`.
    """
    n, codes = library.clips, codes_for(library.clips, library.dim, None)
    has_lists = codes.name.startswith("SQ")
    nprobe = (nprobe or rates.lists.nprobe) if has_lists else 0
    wide = library.dim / MEASURED_DIM
    faiss_s = rates.compare_s[has_lists] * wide * (n_compared(n, nprobe) if has_lists else n)
    index_s = faiss_s + rates.above_faiss_s
    view = view_bytes(library, codes)
    lists_s = rates.multiply_s * n_multiplications(n, library.dim) if has_lists else 0.0
    return Point(
        n, f"IVF{n_lists_for(n)},{codes.name}" if has_lists else codes.name, nprobe,
        shard_bytes=rates.lists.shard_bytes * wide,
        view_bytes=(view + column_bytes(library)) / n,
        build_s=rates.start_s.at_0 + rates.read_s * wide * n + lists_s,
        build_peak_bytes=rates.start_peak_bytes.at_0 + rates.build_growth[has_lists] * view
        + has_lists * _training_bytes(n, library.dim),
        start_s=rates.start_s(n), start_peak_bytes=rates.start_peak_bytes(n),
        faiss_s=faiss_s, index_s=index_s, searcher_s=index_s + rates.searcher_s(n),
    )  # fmt: skip


def n_compared(n: int, nprobe: int) -> float:
    """Vectors that a search in lists compares: the centres, and the clips of `nprobe` lists."""
    return n_lists_for(n) + nprobe * n / n_lists_for(n)


def n_multiplications(n: int, dim: int) -> float:
    """Of vectors with centres, where lists are trained and filled, and with the queries of the audit."""
    assigned = n + ITERATIONS * n_points_for(n)
    return dim * (assigned * n_lists_for(n) + n * N_HELD_OUT / 2)


def _training_bytes(n: int, dim: int) -> float:
    """The clips that lists are trained with, float32, and the copy without those of the audit."""
    return 2 * 4 * dim * n_points_for(n)


def _growth(point: Point, start_peak_bytes: Line) -> float:
    codes = codes_for(point.clips, MEASURED_DIM, None)
    training = _training_bytes(point.clips, MEASURED_DIM) if point.nprobe else 0.0
    beside = start_peak_bytes.at_0 + training
    return (point.build_peak_bytes - beside) / codes.memory(point.clips, MEASURED_DIM)


def _line(one: Point, other: Point, name: str) -> Line:
    return _through((one.clips, getattr(one, name)), (other.clips, getattr(other, name)))


def _through(one: tuple[float, float], other: tuple[float, float]) -> Line:
    slope = (other[1] - one[1]) / (other[0] - one[0])
    return Line(one[1] - slope * one[0], slope)
