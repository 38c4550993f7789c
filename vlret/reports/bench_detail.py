"""What lies behind the figures of a result: the worst failures, classes, clip lengths, confusion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vlret.evaluation.results.table import shown_figures

Document = Mapping[str, Any]

_LENGTHS_S = (0.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
_SHOWN_ABOVE = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was ranked: its name, its score, and the number of its item, None where it has no picture."""

    name: str
    score: float
    item: int | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A query whose right answer is not first; `item` is its medium, `above` stands above the right answer.

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


def main_part(model: Document) -> Document:
    """The first part: all queries, plain cosine; text to video in retrieval."""
    part: Document = model["parts"][0]
    return part


def worst(document: Document, model: Document, n: int = 20) -> list[Failure]:
    """The `n` queries of the main part whose right answer is ranked lowest, lowest first."""
    part = main_part(model)
    own = part["per_query"]
    rank = (np.array(own["best"]) + np.array(own["worst"])) / 2
    order = np.argsort(-rank, kind="stable")[:n]
    return [_failure(document, part, int(query)) for query in order if rank[query] > 1]


def by_class(document: Document) -> list[Share]:
    """Classes with their top-1, those that the first model gets right least first; [] for other tasks."""
    if document["task"] != "classification":
        return []
    members: dict[int, list[int]] = {}
    for item, labels in enumerate(document["labels"]):
        for label in labels:
            members.setdefault(label, []).append(item)
    shares = [_share(document, document["classes"][label], items) for label, items in members.items()]
    return sorted(shares, key=lambda share: share.shares[0])


def by_length(document: Document) -> list[Share]:
    """The main figure by the length of the query's clip; [] where no clip has a length, as with photographs."""
    part = main_part(document["models"][0])
    spans = [_span(document, item_of(document, part, query)) for query in range(part["queries"])]
    ranges = zip(_LENGTHS_S, (*_LENGTHS_S[1:], np.inf), strict=True)
    members = {_range_name(low, high): _within(spans, low, high) for low, high in ranges}
    return [_share(document, name, queries) for name, queries in members.items() if queries]


def confusion(document: Document, model: Document) -> Counter[tuple[int, int]]:
    """How many items of the class that comes first in a pair have the second as first answer.

    With several labels a right answer counts for the label it names, a wrong one for the first.
    """
    tops = zip(document["labels"], main_part(model)["per_query"]["top"], strict=True)
    return Counter((top[0] if top[0] in labels else labels[0], top[0]) for labels, top in tops if top)


def most_confused(document: Document, model: Document, n: int = 20) -> list[Pair]:
    """The `n` pairs of classes that are most often taken one for the other, the most frequent first."""
    counts = confusion(document, model)
    totals: Counter[int] = Counter()
    for (truth, _), count in counts.items():
        totals[truth] += count
    names = document["classes"]
    wrong = sorted((-count, *pair) for pair, count in counts.items() if pair[0] != pair[1])
    return [Pair(names[truth], names[answer], -less, totals[truth]) for less, truth, answer in wrong[:n]]


def item_of(document: Document, part: Document, query: int) -> int | None:
    """The number of the medium that a query is about; None for texts alone and pairs of states."""
    if part["queries_are"] == "texts":
        return int(document["texts"][query]["item"])
    if part["queries_are"] == "questions":
        medium = document["questions"][query].get("medium")
        return None if medium is None else int(medium)
    return query if part["queries_are"] == "items" else None


def _failure(document: Document, part: Document, query: int) -> Failure:
    own = part["per_query"]
    best, worst_rank = own["best"][query], own["worst"][query]
    above = own["top"][query][: min(best - 1, _SHOWN_ABOVE)] if own["top"] else []
    scores = own["top_scores"][query] if own["top"] else []
    entries = [
        _entry(document, part, query, number, score) for number, score in zip(above, scores, strict=False)
    ]
    n = _n_ranked(document, part, query)
    place = (
        f"rank {best} of {n}"
        if best == worst_rank
        else f"level with others, rank {best} to {worst_rank} of {n}"
    )
    title, right = _words(document, part, query)
    no_vector = own["top"] and not own["top"][query]
    line = "\n".join(filter(None, [right, "no vector" if no_vector else place]))
    return Failure(title, line, _shown_item(document, part, query), entries)


def _shown_item(document: Document, part: Document, query: int) -> int | None:
    """The medium that a query is about; of a pair of states the first."""
    if part["pool_is"] == "clips":
        return int(document["questions"][query]["before"])
    return item_of(document, part, query)


def _words(document: Document, part: Document, query: int) -> tuple[str, str]:
    """What is asked, and the right answer where the picture does not show it."""
    kind = part["queries_are"]
    if kind == "texts":
        return document["texts"][query]["text"], ""
    if kind == "triples":
        triple = document["triples"][query]
        return triple["first"], f"the same: {triple['second']}\nsomething else: {triple['negative']}"
    if kind == "items":
        return ", ".join(document["classes"][label] for label in document["labels"][query]), ""
    question = document["questions"][query]
    if "clips" in question:
        state = " to ".join(_id(document, question[name]) for name in ("before", "after"))
        return state, f"right: {_id(document, question['clips'][question['answer']])}"
    return question["text"] or "Which describes it?", f"right: {question['answer']}"


def _entry(document: Document, part: Document, query: int, number: int, score: float) -> Entry:
    kind = part["pool_is"]
    if kind == "items":
        return Entry(_id(document, number), score, number)
    if kind == "clips":
        clip = document["questions"][query]["clips"][number]
        return Entry(_id(document, clip), score, clip)
    if kind == "candidates":
        return Entry(_candidates(document, query)[number], score, None)
    return Entry(document["classes"][number], score, None)


def _n_ranked(document: Document, part: Document, query: int) -> int:
    if part["pool_is"] == "candidates":
        return len(_candidates(document, query))
    if part["pool_is"] == "clips":
        return len(document["questions"][query]["clips"])
    return int(part["pool"])


def _candidates(document: Document, query: int) -> Sequence[str]:
    names: Sequence[str] = document["questions"][query]["candidates"] or document["candidates"]
    return names


def _id(document: Document, item: int) -> str:
    """The id of an item; of a whole path, as an index has it, the file's name."""
    name = str(document["items"][item]["id"])
    return Path(name).name if Path(name).is_absolute() else name


def _share(document: Document, name: str, queries: Sequence[int]) -> Share:
    figure = shown_figures(document)[0]
    columns = [np.array(main_part(model)["per_query"]["values"][figure]) for model in document["models"]]
    return Share(name, len(queries), [float(column[list(queries)].mean()) for column in columns])


def _span(document: Document, item: int | None) -> float:
    """Seconds; NaN where they are not known."""
    seconds = None if item is None else document["items"][item]["seconds"]
    return np.nan if seconds is None else float(seconds)


def _within(spans_s: Sequence[float], low: float, high: float) -> list[int]:
    return [query for query, span in enumerate(spans_s) if low <= span < high]


def _range_name(low: float, high: float) -> str:
    return f"{low:g} s and more" if high == np.inf else f"{low:g} to {high:g} s"
