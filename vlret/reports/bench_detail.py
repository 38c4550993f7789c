"""Details behind the figures of a result: the worst failures, classes, clip lengths, confusion."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vlret.evaluation.results.queries import Pool, pool_of, query_items
from vlret.evaluation.results.result import BenchResult, ModelResult
from vlret.evaluation.results.section import QueryRecord, ResultSection
from vlret.reports.bench_names import shown_figures

_LENGTHS_S = (0.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
_SHOWN_ABOVE = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A ranked entry: its name, its score, and the number of its item, None where it has no picture."""

    name: str
    score: float
    item: int | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A query whose right answer is not first; `item` is what it is about, `above` ranks above the right answer.

    `line` has a line each for the right answer, where no picture shows it, and for its rank.
    """

    title: str
    line: str
    item: int | None
    above: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Share:
    """A class or a range of lengths: how many queries it has, and the share 0..1 that each model got right."""

    name: str
    n: int
    shares: Sequence[float]


@dataclass(frozen=True, slots=True)
class Pair:
    """`n` of the `total` items of class `truth` were taken for `answer`."""

    truth: str
    answer: str
    n: int
    total: int


def worst(result: BenchResult, model: ModelResult, n: int = 20) -> list[Failure]:
    """The `n` queries of the main section whose right answer is ranked lowest, lowest first."""
    section, pool = model.main, pool_of(result, model.main)
    failed = [record for record in section.records if _rank(record) > 1]
    lowest = sorted(failed, key=_rank, reverse=True)[:n]
    return [_failure(result, section, pool, record, model.answers) for record in lowest]


def by_class(result: BenchResult) -> list[Share]:
    """Classes with their top-1, those that the first model gets right least first; [] for other tasks."""
    if result.task != "classification":
        return []
    members: dict[int, list[int]] = {}
    for item, labels in enumerate(result.contents.labels):
        for label in labels:
            members.setdefault(label, []).append(item)
    shares = [_share(result, result.contents.classes[label], items) for label, items in members.items()]
    return sorted(shares, key=lambda share: share.shares[0])


def by_length(result: BenchResult) -> list[Share]:
    """The main figure by the length of the query's clip; [] where no clip has a length, as with photographs."""
    items = () if result.contents.state_choices else query_items(result, result.models[0].main.queries_are)
    seconds = [result.items[item].seconds for item in items]
    ranges = zip(_LENGTHS_S, (*_LENGTHS_S[1:], math.inf), strict=True)
    members = {_range_name(low, high): _within(seconds, low, high) for low, high in ranges}
    return [_share(result, name, queries) for name, queries in members.items() if queries]


def confusion(result: BenchResult, model: ModelResult) -> Counter[tuple[int, int]]:
    """How many items of the class that comes first in a pair have the second as first answer.

    With several labels a right answer counts for the label it names, a wrong one for the first.
    """
    tops = zip(result.contents.labels, model.main.records.top, strict=True)
    return Counter((top[0] if top[0] in labels else labels[0], top[0]) for labels, top in tops if top)


def most_confused(result: BenchResult, model: ModelResult, n: int = 20) -> list[Pair]:
    """The `n` pairs of classes that are most often taken one for the other, the most frequent first."""
    counts = confusion(result, model)
    totals: Counter[int] = Counter()
    for (truth, _), count in counts.items():
        totals[truth] += count
    names = result.contents.classes
    wrong = sorted((-count, *pair) for pair, count in counts.items() if pair[0] != pair[1])
    return [Pair(names[truth], names[answer], -less, totals[truth]) for less, truth, answer in wrong[:n]]


def _rank(record: QueryRecord) -> float:
    """The middle of the ranks that ties leave open."""
    return (record.best + record.worst) / 2


def _failure(
    result: BenchResult,
    section: ResultSection,
    pool: Pool,
    record: QueryRecord,
    answers: Sequence[str] | None,
) -> Failure:
    items = query_items(result, section.queries_are)
    title, right = _words(result, section, pool, record.query)
    place = "no embedding" if record.top == () else _place(record, _n_ranked(section, pool, record))
    place = place if answers is None else f"written: {answers[record.query] or 'nothing'}"
    above = list(zip(record.top or (), record.top_scores or (), strict=False))[
        : min(record.best - 1, _SHOWN_ABOVE)
    ]
    return Failure(
        title,
        "\n".join(filter(None, [right, place])),
        items[record.query] if items else None,
        [_entry(pool, record.query, number, score) for number, score in above],
    )


def _place(record: QueryRecord, n: int) -> str:
    if record.best == record.worst:
        return f"rank {record.best} of {n}"
    return f"tied with others, rank {record.best} to {record.worst} of {n}"


def _n_ranked(section: ResultSection, pool: Pool, record: QueryRecord) -> int:
    """How many entries the query has to choose from."""
    return len(pool.names[record.query]) or section.pool


def _words(result: BenchResult, section: ResultSection, pool: Pool, query: int) -> tuple[str, str]:
    """The query in words, and the right answer where the picture does not show it."""
    contents, right = result.contents, ", ".join(map(_short, pool.right[query]))
    if section.queries_are == "texts":
        return contents.texts[query].text, ""
    if section.queries_are == "items":
        return right, ""
    if section.queries_are == "triples":
        triple = contents.triples[query]
        return triple.first, f"the same: {triple.second}\nsomething else: {triple.negative}"
    return _question(result, query), f"right: {right}"


def _question(result: BenchResult, query: int) -> str:
    contents = result.contents
    if contents.state_choices:
        choice = contents.state_choices[query]
        return " to ".join(_short(result.items[state].id) for state in (choice.before, choice.after))
    return contents.questions[query].text or "Which describes it?"


def _entry(pool: Pool, query: int, number: int, score: float) -> Entry:
    name = pool.names[query][number]
    if pool.items is None:
        return Entry(name, score, None)
    return Entry(_short(name), score, pool.items[query][number])


def _short(name: str) -> str:
    """A name; of a whole path, as an index has it, the file's name."""
    return Path(name).name if Path(name).is_absolute() else name


def _share(result: BenchResult, name: str, queries: Sequence[int]) -> Share:
    figure = shown_figures(result)[0]
    columns = [np.array(model.main.records.values[figure]) for model in result.models]
    return Share(name, len(queries), [float(column[list(queries)].mean()) for column in columns])


def _within(seconds: Sequence[float | None], low: float, high: float) -> list[int]:
    return [query for query, length in enumerate(seconds) if length is not None and low <= length < high]


def _range_name(low: float, high: float) -> str:
    return f"{low:g} s and more" if high == math.inf else f"{low:g} to {high:g} s"
