"""The plain table of a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vlret.evaluation.results.compare import Comparison
from vlret.evaluation.results.contamination import overlap_note

SHOWN = {
    "retrieval": ("hit@1", "hit@5", "hit@10", "hit@50", "median_rank", "mAP", "nDCG@10"),
    "classification": ("top-1", "top-5", "mean_class_accuracy", "class_mean_recall@5"),
    "vqa": ("accuracy", "macro_accuracy", "paired", "yes_rate", "precision", "recall", "f1"),
    "text": ("accuracy", "macro_accuracy"),
}
SHORT = {"hit@1": "R@1", "hit@5": "R@5", "hit@10": "R@10", "hit@50": "R@50"}


def result_table(document: Mapping[str, Any]) -> str:
    """One row for each model and part: queries, pool, figures; the first figure with its interval and chance.

    A row of figures that used other test queries ends with a mark, and so does a model whose training data
    overlap with the set; both are told below, as are missing and undecodable media and published rows with
    their marks.
    """
    shown = shown_figures(document)
    head = [
        "model",
        "part",
        "queries",
        "pool",
        *(SHORT.get(name, name) for name in shown),
        "95% of first",
        "chance",
    ]
    rows = [
        [marked(model), part_name(part), str(part["queries"]), str(part["pool"]), *_cells(part, shown)]
        for model in document["models"]
        for part in model["parts"]
    ]
    reported = [
        f"reported: {marked_reported(row)} {row['value']:g} {row['metric']} ({row['source']})"
        for row in document["dataset"]["published"]
    ]
    return "\n".join([*aligned([head, *rows]), *notes(document), *reported, *reported_notes(document)])


def shown_figures(document: Mapping[str, Any]) -> list[str]:
    """The figures of the document that a table shows, in the order of its columns."""
    return [name for name in SHOWN[document["task"]] if _has(document, name)]


def comparison_table(comparisons: Sequence[Comparison]) -> str:
    """One row for each pair of models and figure: both values, their difference with its interval, and p."""
    head = ["models", "part", "figure", "first", "second", "difference", "95%", "p"]
    rows = [
        [
            f"{c.first} - {c.second}", c.part if c.rerank == "none" else f"{c.part}, {c.rerank}",
            SHORT.get(c.figure, c.figure), f"{c.values[0]:.1f}", f"{c.values[1]:.1f}",
            f"{c.paired.difference:+.1f}", f"{c.paired.low:+.1f} to {c.paired.high:+.1f}",
            f"{c.paired.p_value:.4f}",
        ]
        for c in comparisons
    ]  # fmt: skip
    return "\n".join(aligned([head, *rows]))


def datasets_table(rows: Iterable[Mapping[str, Any]]) -> str:
    """One row for each benchmark set; below, its choices, what is missing of each and where it is to be had."""
    counted = ("items", "texts", "classes", "questions")
    head = ["name", "task", "split", *counted, "annotations", "licence"]
    lines, chosen, missing = [], [], []
    for row in rows:
        counts = ["" if row[key] is None else str(row[key]) for key in counted]
        lines.append([row["name"], row["task"], row["split"], *counts, row["state"], row["licence"]])
        if row["choices"]:
            allowed = [f"{name}={'|'.join(values)}" for name, values in row["choices"].items()]
            chosen.append(f"choices of {row['name']}, the usual first: {' '.join(allowed)}")
        if row["missing"]:
            here = f"; here: {', '.join(row['trimmed'])}" if row["trimmed"] else ""
            missing.append(f"{row['name']} lacks {', '.join(row['missing'])}{here}: {row['source']}")
    return "\n".join([*aligned([head, *lines]), *chosen, *missing])


def _has(document: Mapping[str, Any], name: str) -> bool:
    return any(name in part["figures"] for model in document["models"] for part in model["parts"])


def marked(model: Mapping[str, Any]) -> str:
    """The name of a model, with a mark where its training data overlap with the set."""
    return f"{model['name']} *" if model["contaminated_by"] else str(model["name"])


def marked_reported(row: Mapping[str, Any]) -> str:
    """The model of a published figure, with a mark where it is not zero-shot or its training data overlap."""
    return f"{row['model']} *" if row["contaminated_by"] or row["note"] else str(row["model"])


def part_name(part: Mapping[str, Any]) -> str:
    """The name of a part, with its re-ranking and the mark of what uses other test queries."""
    return f"{part['name']}, {part['rerank']} +" if part["uses_test_queries"] else str(part["name"])


def _cells(part: Mapping[str, Any], shown: Sequence[str]) -> list[str]:
    figures = part["figures"]
    values = [f"{figures[name]['value']:.1f}" if name in figures else "" for name in shown]
    first = figures[shown[0]]
    return [*values, f"{first['low']:.1f} to {first['high']:.1f}", f"{first['chance']:.1f}"]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines of left-aligned columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def notes(document: Mapping[str, Any]) -> list[str]:
    """What a reader has to know of the rows: contamination, queries, re-ranking, media that are not there."""
    overlaps = document["dataset"]["overlaps"]
    told = [
        f"* {model['name']} was {overlap_note(model['contaminated_by'], overlaps)}."
        for model in document["models"]
        if model["contaminated_by"]
    ]
    silent = [
        model["name"] for model in document["models"] if model["stamp"]["model"].get("trained_on") == []
    ]
    if silent:
        told.append(f"Not said what it was trained on, so that no overlap shows: {', '.join(silent)}.")
    told += [
        f"{model['name']} was asked {model['stamp']['model']['query']!r}."
        for model in document["models"]
        if model["stamp"]["model"].get("query") and document["task"] != "vqa"
    ]
    if any(part["uses_test_queries"] for model in document["models"] for part in model["parts"]):
        told.append("+ uses the other test queries, which a user who asks one thing does not have.")
    told += _cut(document)
    if document["items"][1:] and len({item["group"] for item in document["items"]}) == 1:
        told.append("All media are of one video: the intervals say nothing.")
    if document["missing"]:
        told.append(f"{len(document['missing'])} media are missing and left out: a partial copy of the set.")
    if trimmed := document["dataset"]["choices"].get("trimmed"):
        told.append(trimmed_note(trimmed))
    undecodable = document["models"][0]["stamp"]["set"]["undecodable"]
    if undecodable:
        rule = document["models"][0]["stamp"]["protocol"]["undecodable"]
        told.append(f"{len(undecodable)} media cannot be decoded and are {_RULES[rule]}.")
    return [*told, *_candidates(document), *_without_vectors(document)]


def _cut(document: Mapping[str, Any]) -> list[str]:
    if all(part["text_tokens"] is None for model in document["models"] for part in model["parts"]):
        return []
    return ["Texts cut: alike for all models, at whole words, in tokens of CLIP's vocabulary."]


def _candidates(document: Mapping[str, Any]) -> list[str]:
    """How many answers there are to choose from, and by which choices of the set."""
    if document["task"] == "classification":
        n = f"{len(document['classes']):,} classes"
    elif document["task"] == "vqa":
        n = f"{_range(map(len, _lists(document)))} for each question"
    else:
        return []
    made = document["models"][0]["stamp"]["protocol"]["choices"]
    choices = [f"{name}={value}" for name, value in made.items() if name != "trimmed"]
    return [f"Candidates: {n}{'; choices of the set: ' * bool(choices)}{'; '.join(choices)}."]


def _lists(document: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    """The clips or answers that each question is answered from."""
    for question in document["questions"]:
        yield question.get("clips") or question["candidates"] or document["candidates"]


def _range(numbers: Iterable[int]) -> str:
    different = sorted(set(numbers))
    return " to ".join(f"{number:,}" for number in dict.fromkeys((different[0], different[-1])))


def trimmed_note(trimmed: str) -> str:
    """What a reader has to know where annotation files are `trimmed`."""
    return f"The annotations are not the owner's whole files ({trimmed}): a partial copy of the set."


def reported_notes(document: Mapping[str, Any]) -> list[str]:
    """What the marks of published figures mean, one line for all models of which the same is true."""
    models: dict[str, list[str]] = {}
    for row in document["dataset"]["published"]:
        names, overlaps = row["contaminated_by"], document["dataset"]["overlaps"]
        reasons = [overlap_note(names, overlaps) if names else "", row["note"]]
        for reason in filter(None, reasons):
            models.setdefault(reason, []).append(row["model"])
    return [f"* reported: {', '.join(dict.fromkeys(names))}: {reason}." for reason, names in models.items()]


def _without_vectors(document: Mapping[str, Any]) -> list[str]:
    """One line for each model that has no vector of some media or texts."""
    told = []
    for model in document["models"]:
        counted = (
            (len(model.get("no_vector", ())), len(document["items"]), "media"),
            (len(model.get("no_vector_texts", ())), len(_texts_of(document)), "texts"),
        )
        lacking = [f"{n} of {total} {what}" for n, total, what in counted if n]
        if lacking:
            told.append(f"{model['name']}: {' and '.join(lacking)} have no vector: counted as wrong.")
    return told


def _texts_of(document: Mapping[str, Any]) -> set[str]:
    """The texts, classes or captions of triples that a model gives vectors of, each once."""
    triples = document.get("triples", ())
    return {
        *(row["text"] for row in document.get("texts", ())),
        *document.get("classes", ()),
        *(triple[name] for triple in triples for name in ("first", "second", "negative")),
    }


_RULES = {"wrong": "counted as wrong", "excluded": "left out"}
