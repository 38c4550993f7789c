"""Which clip leads from one state to another: the clip nearest to the two images, shown one after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from vlret.datasets.base import StateChoice, StateSet
from vlret.evaluation.embeddings.embed_media import Queries
from vlret.evaluation.embeddings.source import EmbeddingSource, MediaItem
from vlret.evaluation.metrics.ranks import grouped
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.contents import Contents
from vlret.evaluation.results.section import choice_sections
from vlret.evaluation.tasks.base import Scores, Task, embedding_source
from vlret.evaluation.tasks.candidate_scorer import CandidateScorer
from vlret.types import Vectors


class StateChoices(Task[StateSet]):
    """Choices of a clip. A question whose states or right clip have no embedding is wrong."""

    name = "vqa"
    unused = ("text_tokens", "prompts", "rerank")
    takes_precomputed = False

    def score(
        self,
        model: EmbeddingSource | CandidateScorer,
        items: Sequence[MediaItem],
        protocol: Protocol,
        undecodable: Collection[str],
    ) -> Scores:
        """accuracy over all questions and macro_accuracy, the mean over groups; then each group."""
        cosines = self._cosines(embedding_source(model, "a choice of states"), items, protocol)
        rows = zip(self.dataset.questions, cosines, strict=True)
        entries = [
            (number, (scores > own).sum(), (scores == own).sum())
            for number, (question, scores) in enumerate(rows)
            if np.isfinite(own := scores[question.answer])
        ]
        sizes = np.array([len(question.clips) for question in self.dataset.questions])
        query, above, tied = np.array(entries, np.int64).reshape(-1, 3).T
        ranks = grouped(query, above, tied, np.ones_like(sizes), sizes)
        groups = [question.group for question in self.dataset.questions]
        sources = self.sources[[question.before for question in self.dataset.questions]]
        top = [_best(scores) for scores in cosines], [scores[_best(scores)].tolist() for scores in cosines]
        return Scores(choice_sections(ranks, groups, protocol.ties, "questions", "clips", top, sources))

    def contents(self) -> Contents:
        """The questions."""
        return Contents(state_choices=tuple(self.dataset.questions))

    def hashed(self) -> Iterable[Any]:
        """The questions; () stands where other questions have candidates."""
        return [*map(asdict, self.dataset.questions), ()]

    def keep(self, numbers: Mapping[int, int]) -> StateSet:
        """Without the questions that need one of the other media."""
        kept = [_renumbered(one, numbers) for one in self.dataset.questions if _all_in(one, numbers)]
        return replace(self.dataset, media=self.kept_media(numbers), questions=kept)

    @property
    def n_queries(self) -> int:
        """How many questions."""
        return len(self.dataset.questions)

    def embedding_inputs(
        self, items: Sequence[MediaItem], protocol: Protocol
    ) -> tuple[Sequence[MediaItem], Queries]:
        """The states and the clips, all for the protocol's query."""
        clips = sorted({clip for question in self.dataset.questions for clip in question.clips})
        embedded = [*self._states(items), *(items[clip] for clip in clips)]
        return embedded, [[protocol.query]] * len(embedded)

    def _states(self, items: Sequence[MediaItem]) -> list[MediaItem]:
        """For each question one clip of its two images, each for half of the frames."""
        return [
            items[question.before].followed_by(items[question.after]) for question in self.dataset.questions
        ]

    def _cosines(
        self, model: EmbeddingSource, items: Sequence[MediaItem], protocol: Protocol
    ) -> list[Vectors]:
        """For each question float32 [clips]."""
        states = model.clips(self._states(items), protocol.query)
        return [
            model.clips([items[clip] for clip in question.clips], protocol.query) @ state
            for question, state in zip(self.dataset.questions, states, strict=True)
        ]


def _best(scores: Vectors) -> list[int]:
    """The clips that have a score, best first."""
    known = np.flatnonzero(np.isfinite(scores))
    best: list[int] = known[np.argsort(-scores[known], kind="stable")].tolist()
    return best


def _all_in(choice: StateChoice, numbers: Mapping[int, int]) -> bool:
    return all(number in numbers for number in (choice.before, choice.after, *choice.clips))


def _renumbered(choice: StateChoice, numbers: Mapping[int, int]) -> StateChoice:
    clips = tuple(numbers[number] for number in choice.clips)
    return replace(choice, before=numbers[choice.before], after=numbers[choice.after], clips=clips)
