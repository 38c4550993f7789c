"""Two results side by side: what differs in their stamps, and whether the models differ on the same queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

from vlret.errors import UsageError
from vlret.evaluation.metrics.statistics import Paired, paired_test
from vlret.evaluation.protocol.protocol import short
from vlret.evaluation.results.differences import Difference, differences
from vlret.evaluation.results.json_codec import encode
from vlret.evaluation.results.queries import query_items
from vlret.evaluation.results.result import BenchResult, ModelResult
from vlret.evaluation.results.section import ResultSection

_NUMBERS_OF_ITEMS = ("item", "also", "medium", "before", "after", "clips")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models in one figure of a section (`part`): their values and the paired difference, in per cent."""

    first: str
    second: str
    part: str
    rerank: str
    figure: str
    values: tuple[float, float]
    paired: Paired


def stamp_differences(first: BenchResult, second: BenchResult) -> list[Difference]:
    """What differs between the stamps of two results, over all pairs of their models, each once.

    Within one result all models share the protocol: what is unknown for precomputed embeddings does not matter.
    """
    found: dict[tuple[str, str], Difference] = {}
    for one, other in _pairs(first, second):
        for difference in differences(one.stamp, other.stamp):
            shared = first is second and difference.unknown
            kept = replace(difference, matters=False) if shared else difference
            found.setdefault((kept.name, str(kept)), kept)
    return sorted(found.values(), key=lambda difference: not difference.matters)


def compare(first: BenchResult, second: BenchResult, *, force: bool = False) -> list[Comparison]:
    """Each model of one result against each of the other, figure by figure, over the same queries.

    Queries about one source (the captions of a video and of other clips of it) are drawn and swapped together.
    With one result given twice its models are compared with each other.

    Raises:
        UsageError: "not_comparable" (a difference of the stamps matters and `force` is not set),
            "queries_differ" (even with `force`), "single_model" or "nothing_in_common".
    """
    _check_comparable(first, second, force)
    made = [
        comparison
        for one, other in _pairs(first, second)
        for a, b in _common_sections(one, other)
        for comparison in _figures(first, second, one.name, other.name, a, b)
    ]
    if not made:
        raise UsageError(
            "The results have nothing in common.",
            "Give two results of the same task.",
            code="nothing_in_common",
        )
    return made


def _check_comparable(first: BenchResult, second: BenchResult, force: bool) -> None:
    if first is second and len(first.models) == 1:
        name = first.models[0].name
        raise UsageError(
            f"The result has only one model, {name}.",
            "Give a second result.",
            code="single_model",
            model=name,
        )
    matter = [difference for difference in stamp_differences(first, second) if difference.matters]
    if matter and not force:
        raise UsageError(
            f"The results are not comparable: {'; '.join(map(str, matter))}.",
            "Run both with the same protocol, or compare anyway with force=True.",
            code="not_comparable",
            differences=[difference.name for difference in matter],
        )


def _unequal_queries(first: BenchResult, second: BenchResult, a: ResultSection, b: ResultSection) -> str:
    """What differs between the queries of two sections, in one sentence; "" where they are the same."""
    if a.queries != b.queries:
        return f"{a.name} has {a.queries} queries in one result and {b.queries} in the other."
    ours, theirs = _queries(first, a), _queries(second, b)
    if not len(ours) == len(theirs) == a.queries:
        return _unequal_hashes(first, second, a.name)
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True), 1):
        if name := next((name for name in {**one, **other} if one.get(name) != other.get(name)), None):
            values = f"{short(one.get(name))} in one result and {short(other.get(name))} in the other"
            return f"Query {number} of {a.name} has the {name} {values}."
    return ""


def _queries(result: BenchResult, section: ResultSection) -> list[dict[str, Any]]:
    """What each query of a section is, items by their ids; [] where the result does not list them."""
    ids = [item.id for item in result.items]
    if section.queries_are == "items":
        return [{"id": one} for one in ids]
    queries = encode(result.contents.queries(section.queries_are))
    return [{name: _named(name, value, ids) for name, value in query.items()} for query in queries]


def _named(name: str, value: Any, ids: Sequence[str]) -> Any:
    if name not in _NUMBERS_OF_ITEMS:
        return value
    return [ids[number] for number in value] if isinstance(value, list) else ids[value]


def _unequal_hashes(first: BenchResult, second: BenchResult, section: str) -> str:
    one, other = (str(result.models[0].stamp.set["hash"]) for result in (first, second))
    listed = f"The queries of {section} are not listed, and the datasets differ: {one[:12]} and {other[:12]}."
    return listed if one != other else ""


def _pairs(first: BenchResult, second: BenchResult) -> Iterator[tuple[ModelResult, ModelResult]]:
    """Models of one result with those of the other; within one result each pair once."""
    if first is second:
        yield from combinations(first.models, 2)
    else:
        yield from product(first.models, second.models)


def _common_sections(one: ModelResult, other: ModelResult) -> Iterator[tuple[ResultSection, ResultSection]]:
    theirs = {(section.name, section.rerank): section for section in other.sections if section.per_query}
    for section in one.sections:
        key = (section.name, section.rerank)
        if section.per_query and key in theirs:
            yield section, theirs[key]


def _figures(
    first: BenchResult, second: BenchResult, one: str, other: str, a: ResultSection, b: ResultSection
) -> Iterator[Comparison]:
    if unequal := _unequal_queries(first, second, a, b):
        raise UsageError(
            unequal, "Only results over the same queries can be compared.", code="queries_differ"
        )
    items = query_items(first, a.queries_are)
    groups = [first.items[item].group for item in items] or None
    for name, values in a.records.values.items():
        theirs = b.records.values.get(name)
        if theirs is None:
            continue
        scale = 1.0 if name == "rank" else 100.0
        found = paired_test([scale * v for v in values], [scale * v for v in theirs], groups)
        shown = "mean_rank" if name == "rank" else name
        both = (a.figures[shown].value, b.figures[shown].value)
        yield Comparison(one, other, a.name, a.rerank, shown, both, found)
