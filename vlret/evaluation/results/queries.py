"""What the queries of a section are: their names, their items, what they choose from, and what is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vlret.evaluation.results.result import BenchResult
from vlret.evaluation.results.section import ResultSection


@dataclass(frozen=True, slots=True)
class Pool:
    """What the queries of a section choose from, one entry per query.

    Attributes:
        names: the names of the entries, by number.
        items: the numbers of their items; None where they are no items.
        right: the names of those that are right; for a question, its answer, whether or not it is a candidate.
    """

    names: Sequence[Sequence[str]]
    items: Sequence[Sequence[int]] | None
    right: Sequence[Sequence[str]]


def pool_of(result: BenchResult, section: ResultSection) -> Pool:
    """What the queries of a section choose from; empty if the task ranks no named candidates."""
    made = _POOLS.get(section.pool_is)
    return made(result) if made else Pool([()] * section.queries, None, [()] * section.queries)


def names_of(result: BenchResult, kind: str) -> list[str]:
    """The names of a list of the result: ids of items, names of classes, all else by number."""
    if kind == "items":
        return [item.id for item in result.items]
    if kind == "classes":
        return list(result.contents.classes)
    return [f"{kind}-{number}" for number in range(len(result.contents.queries(kind)))]


def query_items(result: BenchResult, kind: str) -> Sequence[int]:
    """The item of each query, the first state of a choice of states; empty for queries without items."""
    contents = result.contents
    if kind == "items":
        return range(len(result.items))
    if kind == "texts":
        return [text.item for text in contents.texts]
    if kind == "questions":
        return [*(one.medium for one in contents.questions), *(one.before for one in contents.state_choices)]
    return ()


def _items(result: BenchResult) -> Pool:
    names, n = names_of(result, "items"), len(result.contents.texts)
    right = [[names[item] for item in text.right] for text in result.contents.texts]
    return Pool([names] * n, [range(len(names))] * n, right)


def _texts(result: BenchResult) -> Pool:
    names, right = names_of(result, "texts"), [list[str]() for _ in result.items]
    for name, text in zip(names, result.contents.texts, strict=True):
        for item in text.right:
            right[item].append(name)
    return Pool([names] * len(right), None, right)


def _classes(result: BenchResult) -> Pool:
    names, labels = result.contents.classes, result.contents.labels
    return Pool([names] * len(labels), None, [[names[label] for label in row] for row in labels])


def _candidates(result: BenchResult) -> Pool:
    questions = result.contents.questions
    names = [question.candidates or result.contents.candidates for question in questions]
    return Pool(names, None, [(question.answer,) for question in questions])


def _clips(result: BenchResult) -> Pool:
    ids, choices = names_of(result, "items"), result.contents.state_choices
    names = [[ids[clip] for clip in choice.clips] for choice in choices]
    right = [(names[i][choice.answer],) for i, choice in enumerate(choices)]
    return Pool(names, [choice.clips for choice in choices], right)


_POOLS: dict[str, Callable[[BenchResult], Pool]] = {
    "items": _items, "texts": _texts, "classes": _classes, "candidates": _candidates, "clips": _clips,
}  # fmt: skip
