"""Questions about media: the candidate answer of the best score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlret.datasets.base import SetQuestion, VqaSet
from vlret.evaluation.answers.kept_answers import Asked
from vlret.evaluation.answers.rules import MatchRule, rule_for
from vlret.evaluation.answers.scorers import WrittenScorer
from vlret.evaluation.embeddings.embed_media import Queries
from vlret.evaluation.embeddings.source import EmbeddingSource, MediaItem
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
from vlret.evaluation.metrics.ranks import Floats, Ints, Ranks, grouped
from vlret.evaluation.metrics.statistics import bootstrap_interval
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.contents import Contents
from vlret.evaluation.results.section import ResultSection, group_sections, make_section
from vlret.evaluation.tasks.base import Scores, Task
from vlret.evaluation.tasks.candidate_scorer import CandidateScorer, as_blocks, scorer_of

_TOP = 5


class QuestionAnswering(Task[VqaSet]):
    """Questions with candidate answers; questions about media without a score are wrong."""

    name = "vqa"
    unused = ("text_tokens", "prompts", "rerank")
    asks_questions = True
    takes_precomputed = False

    def score(
        self,
        model: EmbeddingSource | CandidateScorer,
        items: Sequence[MediaItem],
        protocol: Protocol,
        undecodable: Collection[str],
    ) -> Scores:
        """See `Task.score`; by the cosine of embeddings, or by the model's own scores of the candidates."""
        answers = self._answers(scorer_of(model), items, protocol, undecodable)
        texts = self._texts(model, items) if isinstance(model, WrittenScorer) else None
        return Scores(self._sections(answers, protocol), answers=texts)

    def contents(self) -> Contents:
        """Questions and candidates."""
        return Contents(questions=tuple(self.dataset.questions), candidates=tuple(self.dataset.candidates))

    def hashed(self) -> Iterable[Any]:
        """Questions and candidates."""
        return [*map(asdict, self.dataset.questions), self.dataset.candidates]

    def keep(self, numbers: Mapping[int, int]) -> VqaSet:
        """Without the questions about the other media."""
        kept = [
            replace(one, medium=numbers[one.medium])
            for one in self.dataset.questions
            if one.medium in numbers
        ]
        return replace(self.dataset, media=self.kept_media(numbers), questions=kept)

    @property
    def n_queries(self) -> int:
        """How many questions."""
        return len(self.dataset.questions)

    @property
    def has_own_queries(self) -> bool:
        """Whether all questions have a text: the protocol's query takes the place of a missing one."""
        return all(question.text for question in self.dataset.questions)

    def embedding_inputs(
        self, items: Sequence[MediaItem], protocol: Protocol
    ) -> tuple[Sequence[MediaItem], Queries]:
        """Each item for its questions, the protocol's query for one without text."""
        queries: list[list[str | None]] = [[] for _ in items]
        for question in self.dataset.questions:
            queries[question.medium].append(question.text or protocol.query)
        return items, queries

    def asked(self) -> list[list[Asked]]:
        """For each media item the questions about it, with their candidates."""
        found: list[list[Asked]] = [[] for _ in self.media]
        for question in self.dataset.questions:
            found[question.medium].append(Asked(question.text, self.candidates(question)))
        return found

    def match_rule(self) -> MatchRule:
        """The rule by which a written answer is compared with the right one."""
        return rule_for(self.dataset)

    def candidates(self, question: SetQuestion) -> tuple[str, ...]:
        """The answers to choose from: the question's own, or those of the dataset."""
        return question.candidates or self.dataset.candidates

    def _answers(
        self,
        scorer: CandidateScorer,
        items: Sequence[MediaItem],
        protocol: Protocol,
        undecodable: Collection[str],
    ) -> _Answers:
        answers = _Answers([self.candidates(question) for question in self.dataset.questions])
        for candidates, numbers in self._by_candidates().items():
            asked = [self.dataset.questions[number] for number in numbers]
            shown = [items[question.medium] for question in asked]
            texts = [question.text for question in asked]
            right, lost = [question.answer for question in asked], [item.id in undecodable for item in shown]
            scores = np.array(scorer.candidate_scores(shown, texts, candidates, protocol))
            scores[lost] = np.nan
            answers.add(numbers, scores, right)
            if isinstance(scorer, WrittenScorer):
                answers.settle(numbers, scorer.are_right(shown, texts, candidates, right) & ~np.array(lost))
        return answers

    def _texts(self, scorer: WrittenScorer, items: Sequence[MediaItem]) -> list[str]:
        """What was written for each question."""
        return [
            scorer.text(items[question.medium], question.text, self.candidates(question))
            for question in self.dataset.questions
        ]

    def _by_candidates(self) -> dict[tuple[str, ...], list[int]]:
        """The numbers of the questions with the same candidates."""
        found: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, question in enumerate(self.dataset.questions):
            found[self.candidates(question)].append(number)
        return found

    def _sections(self, answers: _Answers, protocol: Protocol) -> list[ResultSection]:
        """accuracy over all questions and over each group; macro_accuracy is the mean over groups.

        Datasets of yes/no questions also give yes_rate, precision, recall and F1. Datasets scored by pairs (their
        card's metric says so, the group names the pair) give `paired`: both right, over the pairs of which both
        media are there. Questions about media of one source are drawn together for the intervals.
        """
        ranks, groups = answers.ranks(), [question.group for question in self.dataset.questions]
        right, chance = ranks.by_rule(protocol.ties).hit_at(1), ranks.chance().hit_at(1)
        sources = self.sources[[question.medium for question in self.dataset.questions]]
        yes_no, pairs = self._are_yes_no(), "paired" in self.card.metric

        def numbers(members: Ints) -> dict[str, Figure]:
            some = right[members], chance[members], sources[members]
            found = figures({"accuracy": some[0]}, {"accuracy": some[1]}, some[2])
            asked = [self.dataset.questions[i] for i in members]
            return {**found, **_yes_no(asked, *some)} if yes_no else found

        whole_numbers = numbers(np.arange(len(groups)))
        if pairs:
            whole_numbers |= _paired(right, chance, groups, sources)
        elif len(set(groups)) > 1:
            whole_numbers["macro_accuracy"] = class_figure(right, chance, group_classes(groups), sources)
        whole = make_section(
            "all", "questions", "candidates", ranks, {"accuracy": right}, whole_numbers, top=answers.top
        )
        return [whole, *([] if pairs else group_sections(whole, groups, numbers))]

    def _are_yes_no(self) -> bool:
        return all(
            sorted(text.lower() for text in self.candidates(question)) == ["no", "yes"]
            for question in self.dataset.questions
        )


class _Answers:
    """Where the right answer of each question ranks, and the best candidates by number with their scores."""

    def __init__(self, candidates: Sequence[tuple[str, ...]]) -> None:
        n = len(candidates)
        self._candidates = candidates
        self._above, self._tied = np.full(n, -1), np.zeros(n, np.int64)
        self.top: tuple[list[list[int]], list[list[float]]] = ([[] for _ in range(n)], [[] for _ in range(n)])

    def add(self, numbers: Sequence[int], scores: Any, right: Sequence[str]) -> None:
        """Enter the scores [n, candidates], NaN for none, of the questions `numbers` and their right answers."""
        blocks = as_blocks(scores)
        for i, best, values in zip(numbers, *top_lists(blocks, _TOP), strict=True):
            self.top[0][i], self.top[1][i] = best, values
        for i, row, answer in zip(numbers, next(blocks()), right, strict=True):
            self._above[i], self._tied[i] = _place(row, self._candidates[i], answer)

    def settle(self, numbers: Sequence[int], right: NDArray[np.bool_]) -> None:
        """Rank a right answer first, whether or not it is a candidate, and a wrong one nowhere; `right` is bool [n]."""
        self._above[list(numbers)], self._tied[list(numbers)] = np.where(right, 0, -1), np.where(right, 1, 0)

    def ranks(self) -> Ranks:
        """Ranks of the right answers."""
        known = np.flatnonzero(self._above >= 0)
        sizes = np.array([len(one) for one in self._candidates])
        return grouped(known, self._above[known], self._tied[known], np.ones(len(sizes), np.int64), sizes)


def _place(scores: Any, candidates: tuple[str, ...], answer: str) -> tuple[int, int]:
    """How many candidates score more than the right answer and how many the same; (-1, 0) if it has no score."""
    if answer not in candidates:
        return -1, 0
    own = scores[candidates.index(answer)]
    return (int((scores > own).sum()), int((scores == own).sum())) if own > -np.inf else (-1, 0)


def _paired(right: Floats, chance: Floats, groups: Sequence[str], sources: Ints) -> dict[str, Figure]:
    """`paired`, where there is a pair."""
    both = paired(right, groups)
    if not both.size:
        return {}
    interval = bootstrap_interval(both, sources[first_of_pairs(groups)])
    return {"paired": figure(both.mean(), interval, paired(chance, groups).mean())}


def _yes_no(
    questions: Sequence[SetQuestion], right: Floats, chance: Floats, sources: Ints
) -> dict[str, Figure]:
    is_yes = np.array([question.answer.lower() == "yes" for question in questions])
    columns, by_chance = (YesNo(np.where(is_yes, x, 1 - x), is_yes).columns for x in (right, chance))
    return {name: sum_figure(statistic, columns, sources, by_chance) for name, statistic in YES_NO.items()}
