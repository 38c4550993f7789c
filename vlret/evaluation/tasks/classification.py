"""Zero-shot classification: the class whose prompts are nearest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vlret.evaluation.embeddings.source import EmbeddingSource
from vlret.evaluation.metrics.accuracy import membership
from vlret.evaluation.metrics.figures import Values, class_figure, figures, top_lists
from vlret.evaluation.metrics.ranks import Ints, Ranks, cosine, rank
from vlret.evaluation.results.protocol import Protocol
from vlret.evaluation.results.section import ResultSection, make_section
from vlret.tasks.label import readable
from vlret.types import Vectors


def class_vectors(model: EmbeddingSource, classes: Sequence[str]) -> Vectors:
    """Unit vectors float32 [classes, dim]: the mean of the unit vectors of a class's prompts, at unit length."""
    names = [readable(name) for name in classes]
    texts = [prompt.replace("{}", name) for name in names for prompt in model.prompts]
    means: Vectors = model.texts(texts).reshape(len(classes), len(model.prompts), -1).mean(1)
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)


def classification_parts(
    clips: Vectors,
    classes: Vectors,
    labels: list[tuple[int, ...]],
    protocol: Protocol,
    sources: Ints,
) -> list[ResultSection]:
    """top-1, top-5 and their means over classes; a clip with several labels is right with any of them.

    mean_class_accuracy is the class mean of top-1, class_mean_recall@5 that of top-5. Clips of equal `sources` are
    drawn together for the intervals.
    """
    truth, scores = membership(labels, len(classes)), cosine(clips, classes)
    ranks = rank(scores, truth)
    values, chance = _values(ranks.by_rule(protocol.ties)), _values(ranks.chance())
    numbers = figures(values, chance, sources)
    for name, k in (("mean_class_accuracy", "top-1"), ("class_mean_recall@5", "top-5")):
        numbers[name] = class_figure(values[k], chance[k], truth, sources)
    return [make_section("all", "items", "classes", ranks, values, numbers, top=top_lists(scores, 5))]


def _values(ranks: Ranks) -> Values:
    return {"top-1": ranks.hit_at(1), "top-5": ranks.hit_at(5)}
