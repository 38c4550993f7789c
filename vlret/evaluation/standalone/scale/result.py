"""The result of `vlret bench scale`: one `SizeFigures` for each size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vlret.evaluation.results.json_codec import encode


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds of `n` measurements: the median and the 99th percentile (the longest where n is below 100)."""

    p50_s: float
    p99_s: float
    n: int


@dataclass(frozen=True, slots=True)
class Process:
    """A process from start to end: seconds, and the most memory that was resident (None where that is unknown).

    Pages of mapped files count as resident memory, although the system takes them back where others need it.
    """

    seconds: float
    peak_bytes: int | None


@dataclass(frozen=True, slots=True)
class View:
    """The view of an index.

    Attributes:
        type: FAISS's factory string; nprobe: lists that a search looks into, 0 where the search is exact.
        audited_recall: recall@10 that its own audit found.
        faiss_bytes, view_bytes, shard_bytes: bytes a clip of the FAISS file, of all files of the view, of the shards.
    """

    type: str
    nprobe: int
    audited_recall: float
    faiss_bytes: float
    view_bytes: float
    shard_bytes: float


@dataclass(frozen=True, slots=True)
class Warm:
    """Searches for ten clips in one process, one thread, the same queries by turns.

    Attributes:
        faiss: the FAISS file of the view alone, same nprobe.
        index: `Index.search`, one hit per file.
        searcher: `Searcher.search` for an embedded query: with copies folded, probabilities and other clips counted.
        ratio, difference_s: `index` against `faiss`, medians over the queries.
    """

    faiss: Latency
    index: Latency
    searcher: Latency
    ratio: float
    difference_s: float


@dataclass(frozen=True, slots=True)
class Filtered:
    """Searches with a filter, each with another one and evaluated for the first time.

    Attributes:
        kind: "path" or "where".
        selectivity: share of all clips that it allows; `clips`: how many.
        search: the whole search, one hit per file.
        more_s: median of the difference from the same query without a filter.
        recall: share of the exact ten nearest among the allowed clips that are found (all, where there are fewer).
    """

    kind: str
    selectivity: float
    clips: int
    search: Latency
    more_s: float
    recall: float


@dataclass(frozen=True, slots=True)
class SizeFigures:
    """Everything about one size.

    Attributes:
        clips, files, shards: of the index.
        write: the process that wrote the shards; build: the one that built the view.
        cold: `vlret search` as a process of its own for each search, files in the page cache of the system.
        cold_peak_bytes: the highest of these processes.
        text_recall, clip_recall: recall@10 of the search for sentences, and for clips that are not in the index.
        after_adding: the first `vlret search` after `ADDED_CLIPS` clips were added.
    """

    clips: int
    files: int
    shards: int
    write: Process
    build: Process
    view: View
    cold: Latency
    cold_peak_bytes: int | None
    warm: Warm
    text_recall: float
    clip_recall: float
    filters: tuple[Filtered, ...]
    after_adding: Process


@dataclass(frozen=True, slots=True)
class ScaleResult:
    """All sizes of a run.

    Attributes:
        created: UTC, ISO 8601.
        model: its card. `drawn`: how the vectors were made.
        machine: as of other results, with the `instructions` of the processor.
    """

    created: str
    model: Mapping[str, Any]
    drawn: Mapping[str, Any]
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    sizes: tuple[SizeFigures, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"task": "scale", **encode(self)}
