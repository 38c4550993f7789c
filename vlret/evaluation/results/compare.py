"""Two results side by side: what differs in their stamps, and whether the models differ on the same queries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vlret.errors import UsageError
from vlret.evaluation.metrics.statistics import Paired, paired_test
from vlret.evaluation.results.protocol import SCHEMA, Difference, differences, short

Document = Mapping[str, Any]
_PART_KEYS = ("name", "rerank", "queries", "queries_are", "figures")
_NUMBERS_OF_ITEMS = ("item", "also", "medium", "before", "after", "clips")


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
        _check_form(document)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", "Give a result.json, or its folder."
        ) from error
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{path} is no result of vlret bench ({error}).", "Give a result.json, or its folder."
        ) from error
    if document["schema"] != SCHEMA:
        raise UsageError(
            f"{path} was written by another version of vlret (schema {document['schema']}; this one has {SCHEMA}).",
            "Run the benchmark again.",
        )
    return document


def stamp_differences(first: Document, second: Document) -> list[Difference]:
    """What the stamps of two results have otherwise, over all pairs of their models, each once.

    Within one result all models share the protocol: what is not known of vectors made elsewhere does not matter.
    """
    found: dict[tuple[str, str], Difference] = {}
    for one, other in _pairs(first, second):
        for difference in differences(one["stamp"], other["stamp"]):
            shared = first is second and difference.unknown
            told = replace(difference, matters=False) if shared else difference
            found.setdefault((told.name, str(told)), told)
    return sorted(found.values(), key=lambda difference: not difference.matters)


def compare(first: Document, second: Document, *, force: bool = False) -> list[Comparison]:
    """Each model of one result against each of the other, figure by figure, over the same queries.

    Queries about one source (the captions of a video and of its other parts) are drawn and swapped together.
    With one result given twice its models are compared with each other.

    Raises:
        UsageError: a difference of the stamps matters and `force` is not set; the message names all of those.
            With `force`, where the queries are not the same. Or there is nothing to compare.
    """
    if first is second and len(first["models"]) == 1:
        name = first["models"][0]["name"]
        raise UsageError(
            f"The result has one model, {name}: there is nothing to compare it with.", "Give a second result."
        )
    matter = [difference for difference in stamp_differences(first, second) if difference.matters]
    if matter and not force:
        raise UsageError(
            f"The results are not comparable: {'; '.join(map(str, matter))}.",
            "Run both alike, or give --force to compare in spite of it.",
        )
    made = []
    for one, other in _pairs(first, second):
        for a, b in _common_parts(one, other):
            if unequal := _unequal_queries(first, second, a, b):
                raise UsageError(unequal, "Only the same queries can be compared, --force or not.")
            made += list(_figures(first, one["name"], other["name"], a, b))
    if not made:
        raise UsageError("The results have nothing in common.", "Give two results of one task.")
    return made


def _check_form(document: Any) -> None:
    """Raises ValueError or TypeError where something is not there that a comparison reads."""
    _require(document, "schema", "dataset", "models")
    if not document["models"]:
        raise ValueError("it has no models")
    for model in document["models"]:
        _require(model, "name", "stamp", "parts")
        _require(model["stamp"], "protocol", "set")
        _require(model["stamp"]["set"], "hash")
        for part in model["parts"]:
            _require(part, *_PART_KEYS)


def _require(value: Any, *keys: str) -> None:
    lacking = [key for key in keys if not isinstance(value, dict) or key not in value]
    if lacking:
        raise ValueError(f"it lacks {', '.join(lacking)}")


def _unequal_queries(first: Document, second: Document, a: Document, b: Document) -> str:
    """One sentence that says what differs between the queries of two parts; "" where they are the same."""
    if a["queries"] != b["queries"]:
        return f"{a['name']} has {a['queries']} queries in one result and {b['queries']} in the other."
    ours, theirs = _queries(first, a), _queries(second, b)
    if not len(ours) == len(theirs) == a["queries"]:
        return _unequal_hashes(first, second, a["name"])
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True), 1):
        if name := next((name for name in {**one, **other} if one.get(name) != other.get(name)), None):
            values = f"{short(one.get(name))} in one result and {short(other.get(name))} in the other"
            return f"Query {number} of {a['name']} has the {name} {values}."
    return ""


def _queries(document: Document, part: Document) -> list[dict[str, Any]]:
    """What each query of a part is, items by their ids; [] where the document does not say it."""
    ids = [item["id"] for item in document.get("items", ())]
    if part["queries_are"] == "items":
        return [{"id": one} for one in ids]
    queries = document.get(part["queries_are"], ())
    return [{name: _named(name, value, ids) for name, value in query.items()} for query in queries]


def _named(name: str, value: Any, ids: Sequence[str]) -> Any:
    if name not in _NUMBERS_OF_ITEMS:
        return value
    return [ids[number] for number in value] if isinstance(value, list) else ids[value]


def _unequal_hashes(first: Document, second: Document, part: str) -> str:
    one, other = (document["models"][0]["stamp"]["set"]["hash"] for document in (first, second))
    told = f"The queries of {part} are not told, and the sets differ: {one[:12]} and {other[:12]}."
    return told if one != other else ""


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
    """What is drawn together: texts, questions and items of one source, an item's `group`."""
    of_item = [item.get("group", number) for number, item in enumerate(document.get("items", ()))]
    if kind == "items":
        return of_item or None
    if kind == "texts":
        return [of_item[text["item"]] for text in document.get("texts", ())] or None
    if kind == "questions":
        return [of_item[_item_asked(question)] for question in document.get("questions", ())] or None
    return None


def _item_asked(question: Document) -> int:
    """The medium of a question, the first state of a choice of states."""
    return int(question["medium"] if "medium" in question else question["before"])
