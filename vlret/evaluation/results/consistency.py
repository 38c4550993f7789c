"""Whether the parts of a result that was read from a file fit each other."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from vlret.evaluation.results.contents import Contents
from vlret.evaluation.results.queries import names_of
from vlret.evaluation.results.result import BenchResult
from vlret.evaluation.results.section import ResultSection


def check_consistent(result: BenchResult) -> None:
    """Numbers of items and classes exist, and every query has one value in each column, and every column a figure.

    Raises:
        ValueError: the first that does not fit.
    """
    contents = result.contents
    _check_numbers("an item", _item_numbers(contents), len(result.items))
    _check_numbers("a class", chain.from_iterable(contents.labels), len(contents.classes))
    for model in result.models:
        if "hash" not in model.stamp.set:
            raise ValueError(f"the stamp of {model.name} has no hash")
        for section in model.sections:
            _check_queries(result, section)
            _check_section(section)


def _item_numbers(contents: Contents) -> Iterable[int]:
    for text in contents.texts:
        yield from text.right
    for question in contents.questions:
        yield question.medium
    for choice in contents.state_choices:
        yield from (choice.before, choice.after, *choice.clips)


def _check_numbers(what: str, numbers: Iterable[int], n: int) -> None:
    wrong = next((number for number in numbers if not 0 <= number < n), None)
    if wrong is not None:
        raise ValueError(f"{what} has the number {wrong}, of {n}")


def _check_queries(result: BenchResult, section: ResultSection) -> None:
    n = len(names_of(result, section.queries_are))
    if section.per_query is not None and n and section.queries != n:
        raise ValueError(f"{section.name} has {section.queries} queries, of {n} {section.queries_are}")


def _check_section(section: ResultSection) -> None:
    if section.per_query is None:
        return
    columns = section.per_query
    uneven = {len(column) for column in (columns.best, columns.worst, *columns.values.values())} - {
        section.queries
    }
    if uneven:
        raise ValueError(f"{section.name} has {section.queries} queries and a column of {uneven.pop()}")
    for name in columns.values:
        figure = "mean_rank" if name == "rank" else name
        if figure not in section.figures:
            raise ValueError(f"{section.name} has no figure {figure}")
