"""Which clip leads from one state to another: the clip nearest to the two images, shown one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vlret.datasets.base import StateSet
from vlret.evaluation.embeddings.source import EmbeddingSource, MediaItem
from vlret.evaluation.inputs.subset import source_numbers
from vlret.evaluation.metrics.ranks import grouped
from vlret.evaluation.results.protocol import Protocol
from vlret.evaluation.results.section import ResultSection, choice_sections


def states_of(asked: StateSet, media: Sequence[MediaItem]) -> list[MediaItem]:
    """For each question one clip of its two images, each held for half of the frames."""
    return [media[question.before].followed_by(media[question.after]) for question in asked.questions]


def state_parts(
    model: EmbeddingSource, asked: StateSet, media: Sequence[MediaItem], protocol: Protocol
) -> list[ResultSection]:
    """accuracy over all questions and macro_accuracy, the mean over groups; then each group.

    States and clips are asked the same query. A question whose state or true clip has no vector is wrong.
    """
    states = model.clips(states_of(asked, media), protocol.query)
    entries, top, top_scores = [], [], []
    for number, (question, state) in enumerate(zip(asked.questions, states, strict=True)):
        scores = model.clips([media[clip] for clip in question.clips], protocol.query) @ state
        own, known = scores[question.answer], np.flatnonzero(np.isfinite(scores))
        order = known[np.argsort(-scores[known], kind="stable")]
        top.append(order.tolist())
        top_scores.append(scores[order].tolist())
        if np.isfinite(own):
            entries.append((number, (scores > own).sum(), (scores == own).sum()))
    sizes = np.array([len(question.clips) for question in asked.questions])
    query, above, tied = np.array(entries, np.int64).reshape(-1, 3).T
    ranks = grouped(query, above, tied, np.ones_like(sizes), sizes)
    groups = [question.group for question in asked.questions]
    sources = source_numbers(asked.media)[[question.before for question in asked.questions]]
    return choice_sections(ranks, groups, protocol.ties, "questions", "clips", (top, top_scores), sources)
