"""Questions about media: the nearest of the candidate answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vlret.datasets.base import SetQuestion, VqaSet
from vlret.evaluation.embeddings.source import EmbeddingSource, MediaItem
from vlret.evaluation.inputs.subset import source_numbers
from vlret.evaluation.metrics.accuracy import YES_NO, YesNo, first_of_pairs, paired
from vlret.evaluation.metrics.figures import (
    Figure,
    class_figure,
    figure,
    figures,
    group_classes,
    sum_figure,
    top_lists,
)
from vlret.evaluation.metrics.ranks import Floats, Ints, Ranks, cosine, grouped
from vlret.evaluation.metrics.statistics import bootstrap_interval
from vlret.evaluation.results.protocol import Protocol
from vlret.evaluation.results.section import ResultSection, group_sections, make_section

_TOP = 5


def queries_of(asked: VqaSet, protocol: Protocol) -> list[list[str | None]]:
    """What goes into the predictor for each medium: its questions, the protocol's query for one without text."""
    queries: list[list[str | None]] = [[] for _ in asked.media]
    for question in asked.questions:
        queries[question.medium].append(question.text or protocol.query)
    return queries


def vqa_parts(
    model: EmbeddingSource, asked: VqaSet, media: Sequence[MediaItem], protocol: Protocol
) -> list[ResultSection]:
    """accuracy over all questions and over each group; macro_accuracy is the mean over groups.

    A model with a predictor is asked the question and its vector compared with the candidates; one without
    compares the clip with "question candidate". Questions about a medium without a vector are wrong. Sets of
    yes/no questions also give yes_rate, precision, recall and F1. Sets scored by pairs (their card's metric
    says so, the group names the pair) give `paired`: both right, over the pairs of which both media are there.
    Questions about media of one source are drawn together for the intervals.
    """
    answers = _answers(model, asked, media, protocol)
    right, chance = answers.ranks.by_rule(protocol.ties).hit_at(1), answers.ranks.chance().hit_at(1)
    groups = [question.group for question in asked.questions]
    sources = source_numbers(asked.media)[[question.medium for question in asked.questions]]
    yes_no = _are_yes_no(asked)

    def numbers(members: Ints) -> dict[str, Figure]:
        some = right[members], chance[members], sources[members]
        found = figures({"accuracy": some[0]}, {"accuracy": some[1]}, some[2])
        if yes_no:
            found |= _yes_no([asked.questions[i] for i in members], *some)
        return found

    whole_numbers = numbers(np.arange(len(groups)))
    pairs = "paired" in asked.card.metric
    both = paired(right, groups) if pairs else np.empty(0)
    if both.size:
        interval = bootstrap_interval(both, sources[first_of_pairs(groups)])
        whole_numbers["paired"] = figure(both.mean(), interval, paired(chance, groups).mean())
    elif not pairs and len(set(groups)) > 1:
        whole_numbers["macro_accuracy"] = class_figure(right, chance, group_classes(groups), sources)
    whole = make_section(
        "all", "questions", "candidates", answers.ranks, {"accuracy": right}, whole_numbers, top=answers.top
    )
    return [whole, *([] if pairs else group_sections(whole, groups, numbers))]


def candidates_of(asked: VqaSet, question: SetQuestion) -> tuple[str, ...]:
    """The answers that a question is answered from."""
    return question.candidates or asked.candidates


@dataclass(frozen=True, slots=True)
class _Answers:
    """Ranks of the right answers, and the best candidates (by number) with their scores."""

    ranks: Ranks
    top: tuple[list[list[int]], list[list[float]]]


def _answers(
    model: EmbeddingSource, asked: VqaSet, media: Sequence[MediaItem], protocol: Protocol
) -> _Answers:
    n = len(asked.questions)
    above, tied = np.full(n, -1), np.zeros(n, np.int64)
    top: tuple[list[list[int]], list[list[float]]] = ([[] for _ in range(n)], [[] for _ in range(n)])
    for (text, candidates), numbers in _by_texts(model, asked).items():
        texts = candidates if model.takes_query else [f"{text} {one}".strip() for one in candidates]
        scores = cosine(_clips(model, asked, media, numbers, protocol), model.texts(texts))
        for i, best, values in zip(numbers, *top_lists(scores, _TOP), strict=True):
            top[0][i], top[1][i] = best, values
        rows = (row for block in scores() for row in block)
        for i, row in zip(numbers, rows, strict=True):
            above[i], tied[i] = _place(row, asked, asked.questions[i])
    known = np.flatnonzero(above >= 0)
    sizes = np.array([len(candidates_of(asked, question)) for question in asked.questions])
    ranks = grouped(known, above[known], tied[known], np.ones(n, np.int64), sizes)
    return _Answers(ranks, top)


def _by_texts(model: EmbeddingSource, asked: VqaSet) -> dict[tuple[str, tuple[str, ...]], list[int]]:
    """The numbers of the questions that are compared with the same texts; "" where the question is no part."""
    found: dict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
    for number, question in enumerate(asked.questions):
        text = "" if model.takes_query else question.text
        found[text, candidates_of(asked, question)].append(number)
    return found


def _clips(
    model: EmbeddingSource,
    asked: VqaSet,
    media: Sequence[MediaItem],
    numbers: Sequence[int],
    protocol: Protocol,
) -> Any:
    asked_of = [asked.questions[number] for number in numbers]
    return np.concatenate([model.clips([media[q.medium]], q.text or protocol.query) for q in asked_of])


def _place(scores: Any, asked: VqaSet, question: SetQuestion) -> tuple[int, int]:
    """How many candidates are above the right answer and how many level with it; (-1, 0) if it has no score."""
    candidates = candidates_of(asked, question)
    if question.answer not in candidates:
        return -1, 0
    own = scores[candidates.index(question.answer)]
    return (int((scores > own).sum()), int((scores == own).sum())) if own > -np.inf else (-1, 0)


def _are_yes_no(asked: VqaSet) -> bool:
    return all(
        sorted(text.lower() for text in candidates_of(asked, question)) == ["no", "yes"]
        for question in asked.questions
    )


def _yes_no(
    questions: Sequence[SetQuestion], right: Floats, chance: Floats, sources: Ints
) -> dict[str, Figure]:
    is_yes = np.array([question.answer.lower() == "yes" for question in questions])
    columns, by_chance = (YesNo(np.where(is_yes, x, 1 - x), is_yes).columns for x in (right, chance))
    return {name: sum_figure(statistic, columns, sources, by_chance) for name, statistic in YES_NO.items()}
