"""Two results side by side: what differs in their stamps, and whether the models differ on the same queries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlret.errors import UsageError
from vlret.evaluation.protocol import Difference, differences
from vlret.evaluation.statistics import Paired, paired_test

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`first` and `second` model in one figure of one part: their values and the paired difference, per cent."""

    first: str
    second: str
    part: str
    rerank: str
    figure: str
    values: tuple[float, float]
    paired: Paired


def read_result(file: Path) -> dict[str, Any]:
    """The document of `result.json`, given as the file or its folder.

    Raises:
        UsageError: it is not there or is no result of vlret.
    """
    path = file / "result.json" if file.is_dir() else file
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        document["models"], document["dataset"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path} is no result of vlret bench ({error}).", "Give a result.json, or its folder."
        ) from error
    return document


def stamp_differences(first: Document, second: Document) -> list[Difference]:
    """What the stamps of two results have otherwise, over all pairs of their models, each once."""
    found: dict[tuple[str, str], Difference] = {}
    for one, other in _pairs(first, second):
        for difference in differences(one["stamp"], other["stamp"]):
            found.setdefault((difference.name, str(difference)), difference)
    return sorted(found.values(), key=lambda difference: not difference.matters)


def compare(first: Document, second: Document, *, force: bool = False) -> list[Comparison]:
    """Each model of one result against each of the other, figure by figure, over the same queries.

    Captions of one medium are drawn and swapped together. With one result given twice its models are compared
    with each other.

    Raises:
        UsageError: a difference of the stamps matters and `force` is not set; the message names all of those.
            With `force`, where the queries are not the same.
    """
    matter = [difference for difference in stamp_differences(first, second) if difference.matters]
    if matter and not force:
        raise UsageError(
            f"The results are not comparable: {'; '.join(map(str, matter))}.",
            "Run both alike, or give --force to compare in spite of it.",
        )
    made = []
    for one, other in _pairs(first, second):
        for a, b in _common_parts(one, other):
            if a["queries"] != b["queries"]:
                raise UsageError(
                    f"{a['name']} has {a['queries']} queries in one result and {b['queries']} in the other.",
                    "Only the same queries can be compared, --force or not.",
                )
            made += list(_figures(first, one["name"], other["name"], a, b))
    return made


def _pairs(first: Document, second: Document) -> Iterator[tuple[Document, Document]]:
    """Models of one result with those of the other; within one result each pair once."""
    if first is second:
        models = first["models"]
        yield from ((a, b) for i, a in enumerate(models) for b in models[i + 1 :])
    else:
        yield from ((a, b) for a in first["models"] for b in second["models"])


def _common_parts(one: Document, other: Document) -> Iterator[tuple[Document, Document]]:
    theirs = {(part["name"], part["rerank"]): part for part in other["parts"] if "per_query" in part}
    for part in one["parts"]:
        key = (part["name"], part["rerank"])
        if "per_query" in part and key in theirs:
            yield part, theirs[key]


def _figures(document: Document, one: str, other: str, a: Document, b: Document) -> Iterator[Comparison]:
    groups = _groups(document, a["queries_are"])
    for name, values in a["per_query"]["values"].items():
        theirs = b["per_query"]["values"].get(name)
        if theirs is None:
            continue
        scale = 1.0 if name == "rank" else 100.0
        found = paired_test([scale * v for v in values], [scale * v for v in theirs], groups)
        shown = "mean_rank" if name == "rank" else name
        both = (a["figures"][shown]["value"], b["figures"][shown]["value"])
        yield Comparison(one, other, a["name"], a["rerank"], shown, both, found)


def _groups(document: Document, kind: str) -> list[Any] | None:
    """What is drawn together: texts of one item, questions about one medium."""
    if kind == "texts":
        return [text["item"] for text in document["texts"]]
    if kind == "questions":
        return [question.get("medium", number) for number, question in enumerate(document["questions"])]
    return None
