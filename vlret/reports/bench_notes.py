"""What a reader has to know of the rows of a result: contamination, missing items, candidates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vlret.evaluation.results.contamination import overlap_note
from vlret.evaluation.results.result import BenchResult, ModelResult

_RULES = {"wrong": "counted as wrong", "excluded": "left out"}


def notes(result: BenchResult) -> list[str]:
    """What the marks of the rows mean, and what was missing, cut or counted as wrong."""
    return [
        *_of_training(result), *_of_queries(result), *_of_copy(result), *_candidates(result),
        *_without_embeddings(result), *_of_answers(result),
    ]  # fmt: skip


def trimmed_note(trimmed: str) -> str:
    """What a reader has to know where annotation files are `trimmed`."""
    return f"The annotation files are incomplete ({trimmed}): a partial copy of the dataset."


def reported_notes(result: BenchResult) -> list[str]:
    """What the marks of published figures mean, one line for all models of which the same is true."""
    models: dict[str, list[str]] = {}
    for row in result.dataset.published:
        overlap = overlap_note(row.contaminated_by, result.dataset.overlaps) if row.contaminated_by else ""
        for reason in filter(None, (overlap, row.note)):
            models.setdefault(reason, []).append(row.model)
    return [f"* reported: {', '.join(dict.fromkeys(names))}: {reason}." for reason, names in models.items()]


def _of_training(result: BenchResult) -> Iterator[str]:
    for model in result.models:
        if model.contaminated_by:
            yield f"* {model.name} was {overlap_note(model.contaminated_by, result.dataset.overlaps)}."
    unknown = [model.name for model in result.models if model.stamp.model.get("trained_on") == []]
    if unknown:
        yield f"Training data of {', '.join(unknown)} is unknown; contamination was not checked."


def _of_queries(result: BenchResult) -> Iterator[str]:
    for model in result.models:
        if model.stamp.model.get("query") and result.task != "vqa":
            yield f"Query of {model.name}: {model.stamp.model['query']!r}."
    sections = [section for model in result.models for section in model.sections]
    if any(section.uses_test_queries for section in sections):
        yield "+ uses the other test queries, which a single search does not have."
    if any(section.text_tokens is not None for section in sections):
        yield "Cut texts end at a whole word, at the same number of CLIP tokens for all models."


def _of_copy(result: BenchResult) -> Iterator[str]:
    if result.items[1:] and len({item.group for item in result.items}) == 1:
        yield "All items are from one video: confidence intervals are not meaningful."
    if result.missing:
        yield f"{len(result.missing)} items are missing and left out: a partial copy of the dataset."
    if trimmed := result.dataset.choices.get("trimmed"):
        yield trimmed_note(trimmed)
    stamp = result.models[0].stamp
    if undecodable := stamp.set["undecodable"]:
        rule = _RULES[stamp.protocol["undecodable"]]
        yield f"{len(undecodable)} items cannot be decoded and are {rule}."


def _candidates(result: BenchResult) -> Iterator[str]:
    """How many answers there are to choose from, and by which choices of the dataset."""
    if result.task == "classification":
        n = f"{len(result.contents.classes):,} classes"
    elif result.task == "vqa":
        n = f"{_range(map(len, _lists(result)))} per question"
    else:
        return
    made = result.models[0].stamp.protocol["choices"]
    choices = [f"{name}={value}" for name, value in made.items() if name != "trimmed"]
    yield f"Candidates: {n}{'; choices of the dataset: ' * bool(choices)}{'; '.join(choices)}."


def _lists(result: BenchResult) -> Iterator[Sequence[object]]:
    """The clips or answers that each question is answered from."""
    contents = result.contents
    yield from (choice.clips for choice in contents.state_choices)
    yield from (question.candidates or contents.candidates for question in contents.questions)


def _range(numbers: Iterable[int]) -> str:
    different = sorted(set(numbers))
    return " to ".join(f"{number:,}" for number in dict.fromkeys((different[0], different[-1])))


def _without_embeddings(result: BenchResult) -> Iterator[str]:
    """One line for each model that lacks embeddings of some items or texts."""
    for model in result.models:
        counted = (
            (len(model.no_vector), len(result.items), "items"),
            (len(model.no_vector_texts or ()), len(_texts_of(result)), "texts"),
        )
        lacking = [f"{n} of {total} {what}" for n, total, what in counted if n]
        if lacking:
            yield f"{model.name}: {' and '.join(lacking)} have no embedding: counted as wrong."


def _of_answers(result: BenchResult) -> Iterator[str]:
    """How each vision-language model was asked, and what an answer cost it and the embedders beside it."""
    asked = [model for model in result.models if model.answer_cost]
    for model in asked:
        about = model.stamp.model
        how = about["rule"] if model.answers is not None else about["score"]
        shown = "a video" if about["frames_as"] == "video" else about["frames_as"]
        yield f"{model.name}: {how}; frames as {shown}; prompt {about['prompts'][0]!r}."
    for model in result.models if asked else ():
        if line := _cost_line(result, model):
            yield f"Cost of {model.name}: {line}."


def _cost_line(result: BenchResult, model: ModelResult) -> str:
    """What a question cost, measured when it was computed."""
    if cost := model.answer_cost:
        n = max(cost.questions, 1)
        peak = f", peak memory {cost.peak_bytes / 1e9:.2f} GB" if cost.peak_bytes else ""
        return (
            f"{1000 * cost.cpu_seconds / n:,.0f} ms of CPU and {1000 * cost.seconds / n:,.0f} ms a question, "
            f"{cost.tokens_read / n:,.0f} tokens read, {cost.tokens_written / n:,.1f} written{peak}"
        )
    questions = result.dataset.questions or 0
    if model.cost is None or not questions:
        return ""
    return f"{1000 * model.cost.total_seconds / questions:,.0f} ms a question, clips encoded once"


def _texts_of(result: BenchResult) -> set[str]:
    """The texts, classes or captions of triples that a model embeds, each once."""
    triples = result.contents.triples
    return {
        *(row.text for row in result.contents.texts),
        *result.contents.classes,
        *(text for triple in triples for text in (triple.first, triple.second, triple.negative)),
    }
