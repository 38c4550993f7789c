"""Builds the result of a run from what was scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from vlret.datasets.base import Media
from vlret.evaluation.answers.scorers import LikelihoodScorer, WrittenScorer
from vlret.evaluation.embeddings.model_embeddings import ModelEmbeddings
from vlret.evaluation.embeddings.precomputed import PrecomputedEmbeddings
from vlret.evaluation.embeddings.source import MediaItem, ScoredModel
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.contamination import contamination
from vlret.evaluation.results.contents import Item, ReportedFigure, ScoredDataset
from vlret.evaluation.results.result import BenchResult, EncodingCost, ModelResult
from vlret.evaluation.results.scored import ScoredSet
from vlret.evaluation.results.section import ResultSection
from vlret.evaluation.results.stamp import stamp

_UNKNOWN_OF_PRECOMPUTED = ("frames", "sampling", "resize", "text_tokens", "prompts", "query")


def make_model_result(
    model: ScoredModel,
    scored: ScoredSet,
    items: Sequence[MediaItem],
    sections: Sequence[ResultSection],
    no_vector: Sequence[str],
    protocol: Protocol,
    missing: Sequence[str],
    undecodable: Mapping[str, str],
    answers: Sequence[str] | None = None,
) -> ModelResult:
    """The result of one model; `undecodable` are ids with the reason, `answers` what it wrote."""
    embedded = () if isinstance(model, PrecomputedEmbeddings) else items
    made = stamp(protocol, scored, model.about(), missing, list(undecodable), embedded)
    without = tuple(one for one in no_vector if one not in undecodable)
    result = ModelResult(model.name, made, (), None, None, without, tuple(sections))
    if isinstance(model, PrecomputedEmbeddings):
        made = replace(made, protocol={**made.protocol, **dict.fromkeys(_UNKNOWN_OF_PRECOMPUTED)})
        return replace(result, stamp=made, no_vector_texts=tuple(model.missing_texts))
    if isinstance(model, ModelEmbeddings):
        overlaps = tuple(contamination(model.model.card.trained_on, scored.card))
        return replace(result, contaminated_by=overlaps, texts_cut=len(model.too_long), cost=_cost(model))
    if isinstance(model, (WrittenScorer, LikelihoodScorer)):
        written = None if answers is None else tuple(answers)
        return replace(result, answer_cost=model.cost(), answers=written)
    return result


def make_result(
    scored: ScoredSet,
    items: Sequence[MediaItem],
    seconds: Sequence[float | None],
    missing: Sequence[str],
    undecodable: Mapping[str, str],
    models: Sequence[ModelResult],
) -> BenchResult:
    """The result of a dataset as it was scored.

    Args:
        scored, items, seconds: the dataset, its media and their durations.
        missing: ids of items without a media file.
        undecodable: ids of items that cannot be decoded, with the reason.
        models: one entry for each.
    """
    return BenchResult(
        task=scored.card.task,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        dataset=_dataset(scored),
        items=tuple(_item(*one, undecodable) for one in zip(items, scored.media, seconds, strict=True)),
        contents=scored.contents,
        missing=tuple(missing),
        models=tuple(models),
    )


def _cost(model: ModelEmbeddings) -> EncodingCost:
    return EncodingCost(
        model.n_clips, round(model.seconds, 3), model.n_cached, round(model.cached_seconds, 3)
    )


def _dataset(scored: ScoredSet) -> ScoredDataset:
    card = scored.card
    published = tuple(
        ReportedFigure(**asdict(one), contaminated_by=tuple(contamination(one.trained_on, card)))
        for one in card.published
    )
    return ScoredDataset(**{**asdict(card), "published": published, **scored.counts})


def _item(item: MediaItem, media: Media, seconds: float | None, undecodable: Mapping[str, str]) -> Item:
    path = str(item.path) if item.path != Path() else None
    reason = undecodable.get(item.id)
    return Item(item.id, path, item.start, item.end, seconds, media.source, reason)
