"""One section of a model's result: a direction, a re-ranking or a group of queries, with figures and ranks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from vlret.evaluation.metrics.figures import Figure, Values, class_figure, figures, group_classes
from vlret.evaluation.metrics.ranks import Ints, Ranks
from vlret.evaluation.results.json_codec import OPTIONAL

TopItems = tuple[Sequence[Sequence[int]], Sequence[Sequence[float]]]
"""The best items of each query, best first, and their scores."""


@dataclass(frozen=True, slots=True)
class QueryRecord:
    """What one query found.

    Attributes:
        query: its number in the list that `ResultSection.queries_are` names.
        best, worst: rank from 1 of the best relevant item with ties in its favour and against it; one past the
            pool where it has no embedding.
        top, top_scores: the numbers of the items that rank first, with their scores; empty for a query without an
            embedding, None where the task ranks no items.
        values: per figure, a share in 0..1; "rank" is the expected rank.
    """

    query: int
    best: int
    worst: int
    top: tuple[int, ...] | None
    top_scores: tuple[float, ...] | None
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class QueryColumns:
    """The records of all queries by column, as `QueryRecord` says; no `top` where the task ranks no items."""

    best: tuple[int, ...]
    worst: tuple[int, ...]
    top: tuple[tuple[int, ...], ...]
    top_scores: tuple[tuple[float, ...], ...]
    values: Mapping[str, tuple[float, ...]]

    def __getitem__(self, query: int) -> QueryRecord:
        top, scores = (self.top[query], self.top_scores[query]) if self.top else (None, None)
        values = {name: column[query] for name, column in self.values.items()}
        return QueryRecord(query, self.best[query], self.worst[query], top, scores, values)

    def __iter__(self) -> Iterator[QueryRecord]:
        return (self[query] for query in range(len(self)))

    def __len__(self) -> int:
        return len(self.best)


@dataclass(frozen=True, slots=True)
class ResultSection:
    """Figures over some queries.

    Attributes:
        name: "text to video", "all", or the name of a group.
        rerank: "none" is plain cosine.
        uses_test_queries: whether the re-ranking uses the other test queries.
        text_tokens: None where texts are whole, else the length that all texts were cut to.
        queries_are, pool_is: which list of the result queries and pool are numbered by.
        queries, pool: how many.
        figures: in per cent, except median_rank and mean_rank.
        per_query: the record of each query; None for a group.
        members: of a group, the numbers of its queries in the section "all".
    """

    name: str
    rerank: str
    uses_test_queries: bool
    text_tokens: int | None
    queries_are: str
    pool_is: str
    queries: int
    pool: int
    figures: Mapping[str, Figure]
    per_query: QueryColumns | None = field(default=None, metadata=OPTIONAL)
    members: tuple[int, ...] | None = field(default=None, metadata=OPTIONAL)

    @property
    def is_plain(self) -> bool:
        """Whether it is of plain cosine and whole texts."""
        return self.rerank == "none" and self.text_tokens is None

    @property
    def records(self) -> QueryColumns:
        """The record of each query; a group has none."""
        return QueryColumns((), (), (), (), {}) if self.per_query is None else self.per_query


def make_section(
    name: str,
    queries: str,
    pool: str,
    ranks: Ranks,
    values: Values,
    numbers: Mapping[str, Figure],
    *,
    rerank: str = "none",
    top: TopItems = ((), ()),
) -> ResultSection:
    """A section with a record per query: `ranks`, `values` (rounded to six digits) and the `top` items."""
    columns = QueryColumns(
        tuple(ranks.best.tolist()),
        tuple(ranks.worst.tolist()),
        tuple(map(tuple, top[0])),
        tuple(map(tuple, top[1])),
        {key: tuple(round(float(value), 6) for value in column) for key, column in values.items()},
    )
    return ResultSection(
        name, rerank, rerank != "none", None, queries, pool, len(ranks.n_items), int(ranks.n_items.max()),
        dict(numbers), columns,
    )  # fmt: skip


def group_sections(
    whole: ResultSection, groups: Sequence[str], numbers: Callable[[Ints], Mapping[str, Figure]]
) -> list[ResultSection]:
    """A section for each group of the queries of `whole`, in order of appearance; none where there is only one.

    `numbers(members)` gives the figures of some queries.
    """
    names = list(dict.fromkeys(groups))
    made = []
    for name in names if len(names) > 1 else ():
        members = np.flatnonzero(np.array(groups) == name)
        made.append(
            replace(
                whole, name=name, queries=len(members), figures=dict(numbers(members)), per_query=None,
                members=tuple(members.tolist()),
            )
        )  # fmt: skip
    return made


def choice_sections(
    ranks: Ranks,
    groups: Sequence[str],
    ties: str,
    queries: str,
    pool: str,
    top: TopItems = ((), ()),
    sources: Ints | None = None,
) -> list[ResultSection]:
    """accuracy over all queries (micro) and macro_accuracy, the mean over groups; then each group.

    Queries of equal `sources` are drawn together for the intervals.
    """
    right, chance = ranks.by_rule(ties).hit_at(1), ranks.chance().hit_at(1)
    drawn = np.arange(len(groups)) if sources is None else sources

    def numbers(members: Ints) -> dict[str, Figure]:
        return figures({"accuracy": right[members]}, {"accuracy": chance[members]}, drawn[members])

    whole_numbers = numbers(np.arange(len(groups)))
    whole_numbers["macro_accuracy"] = class_figure(right, chance, group_classes(groups), drawn)
    whole = make_section("all", queries, pool, ranks, {"accuracy": right}, whole_numbers, top=top)
    return [whole, *group_sections(whole, groups, numbers)]
