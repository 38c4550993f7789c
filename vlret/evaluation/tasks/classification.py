"""Zero-shot classification: the class whose prompts are nearest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vlret.datasets.base import ClassificationSet
from vlret.evaluation.embeddings.source import EmbeddingSource, MediaItem
from vlret.evaluation.metrics.accuracy import membership
from vlret.evaluation.metrics.figures import Values, class_figure, figures, top_lists
from vlret.evaluation.metrics.ranks import Ints, Ranks, ScoreBlocks, cosine, rank
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.contents import Contents
from vlret.evaluation.results.section import ResultSection, make_section
from vlret.evaluation.tasks.base import Scores, Task, embedded_clips
from vlret.evaluation.tasks.candidate_scorer import CandidateScorer, as_blocks
from vlret.models.class_prompts import class_embeddings
from vlret.tasks.label import readable
from vlret.types import Vectors


class Classification(Task[ClassificationSet]):
    """Media and class names: the class of the best score."""

    name = "classification"
    unused = ("text_tokens", "rerank")

    def score(
        self,
        model: EmbeddingSource | CandidateScorer,
        items: Sequence[MediaItem],
        protocol: Protocol,
        undecodable: Collection[str],
    ) -> Scores:
        """See `Task.score`; a scorer of candidates chooses among the class names."""
        labels, n_classes, sources = self.dataset.labels, len(self.dataset.classes), self.sources
        if isinstance(model, CandidateScorer):
            queries = [protocol.query or ""] * len(items)
            scores = np.array(model.candidate_scores(items, queries, self.texts(), protocol))
            scores[[item.id in undecodable for item in items]] = np.nan
            no_score = [item.id for item, row in zip(items, scores, strict=True) if np.isnan(row).all()]
            section = classification_section(as_blocks(scores), n_classes, labels, protocol, sources)
            return Scores([section], no_score)
        clips, no_vector = embedded_clips(model, items, protocol, undecodable)
        blocks = cosine(clips, class_vectors(model, self.dataset.classes))
        return Scores([classification_section(blocks, n_classes, labels, protocol, sources)], no_vector)

    def contents(self) -> Contents:
        """Classes and labels."""
        return Contents(classes=tuple(self.dataset.classes), labels=tuple(self.dataset.labels))

    def hashed(self) -> Iterable[Any]:
        """Classes and labels."""
        return [*self.dataset.classes, *self.dataset.labels]

    def keep(self, numbers: Mapping[int, int]) -> ClassificationSet:
        """Without the labels of the other media; all classes stay."""
        labels = [self.dataset.labels[old] for old in numbers]
        return replace(self.dataset, media=self.kept_media(numbers), labels=labels)

    def texts(self) -> Sequence[str]:
        """The readable names of the classes."""
        return [readable(name) for name in self.dataset.classes]


def class_vectors(model: EmbeddingSource, classes: Sequence[str]) -> Vectors:
    """Unit vectors float32 [classes, dim]: the mean of the unit vectors of a class's prompts, at unit length."""
    names = [readable(name) for name in classes]
    return class_embeddings(model.texts, names, model.prompts)


def classification_section(
    scores: ScoreBlocks,
    n_classes: int,
    labels: list[tuple[int, ...]],
    protocol: Protocol,
    sources: Ints,
) -> ResultSection:
    """top-1, top-5 and their means over classes; a clip with several labels is right with any of them.

    mean_class_accuracy is the class mean of top-1, class_mean_recall@5 that of top-5. Clips of equal `sources` are
    drawn together for the intervals.
    """
    truth = membership(labels, n_classes)
    ranks = rank(scores, truth)
    values, chance = _values(ranks.by_rule(protocol.ties)), _values(ranks.chance())
    numbers = figures(values, chance, sources)
    for name, k in (("mean_class_accuracy", "top-1"), ("class_mean_recall@5", "top-5")):
        numbers[name] = class_figure(values[k], chance[k], truth, sources)
    return make_section("all", "items", "classes", ranks, values, numbers, top=top_lists(scores, 5))


def _values(ranks: Ranks) -> Values:
    return {"top-1": ranks.hit_at(1), "top-5": ranks.hit_at(5)}
