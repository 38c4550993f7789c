"""Makes the result of a run from what was scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from vlret.datasets.base import BenchmarkSet, ClassificationSet, Media, RetrievalSet, StateSet, TextSet
from vlret.evaluation.embeddings.model_embeddings import ModelEmbeddings
from vlret.evaluation.embeddings.precomputed import PrecomputedEmbeddings
from vlret.evaluation.embeddings.source import MediaItem
from vlret.evaluation.inputs.subset import media_of
from vlret.evaluation.results.contamination import contamination
from vlret.evaluation.results.contents import Contents, Item, ReportedFigure, RetrievalText, ScoredDataset
from vlret.evaluation.results.protocol import Protocol
from vlret.evaluation.results.result import BenchResult, EncodingCost, ModelResult
from vlret.evaluation.results.section import ResultSection
from vlret.evaluation.results.stamp import counts, stamp

_UNKNOWN_OF_PRECOMPUTED = ("frames", "sampling", "resize", "text_tokens", "prompts", "query")


def make_model_result(
    model: ModelEmbeddings | PrecomputedEmbeddings,
    benchmark_set: BenchmarkSet,
    pieces: Sequence[MediaItem],
    sections: Sequence[ResultSection],
    no_vector: Sequence[str],
    protocol: Protocol,
    missing: Sequence[str],
    undecodable: Mapping[str, str],
) -> ModelResult:
    """The result of one model; `undecodable` are ids with the reason."""
    embedded = pieces if isinstance(model, ModelEmbeddings) else ()
    made = stamp(protocol, benchmark_set, model.about(), missing, list(undecodable), embedded)
    without = tuple(one for one in no_vector if one not in undecodable)
    if isinstance(model, PrecomputedEmbeddings):
        made = replace(made, protocol={**made.protocol, **dict.fromkeys(_UNKNOWN_OF_PRECOMPUTED)})
        return ModelResult(model.name, made, (), None, None, without, tuple(sections), tuple(model.lacked))
    overlaps = tuple(contamination(model.model.card.trained_on, benchmark_set.card))
    return ModelResult(
        model.name, made, overlaps, len(model.cut), _cost(model), without, tuple(sections)
    )  # fmt: skip


def make_result(
    benchmark_set: BenchmarkSet,
    pieces: Sequence[MediaItem],
    seconds: Sequence[float | None],
    missing: Sequence[str],
    undecodable: Mapping[str, str],
    models: Sequence[ModelResult],
    contents: Contents | None = None,
) -> BenchResult:
    """The result of a dataset as it was scored.

    Args:
        benchmark_set, pieces, seconds: the dataset, its media and their lengths.
        missing: ids of items without a media file.
        undecodable: ids of items that cannot be decoded, with the reason.
        models: one entry for each.
        contents: default: those of the dataset.
    """
    items = [_item(*one, undecodable) for one in zip(pieces, media_of(benchmark_set), seconds, strict=True)]
    return BenchResult(
        task=benchmark_set.card.task,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        dataset=_dataset(benchmark_set),
        items=tuple(items),
        contents=contents or contents_of(benchmark_set),
        missing=tuple(missing),
        models=tuple(models),
    )


def contents_of(benchmark_set: BenchmarkSet) -> Contents:
    """Texts, classes, questions or triples of a dataset."""
    if isinstance(benchmark_set, TextSet):
        return Contents(triples=tuple(benchmark_set.triples))
    if isinstance(benchmark_set, RetrievalSet):
        return Contents(texts=tuple(map(RetrievalText, benchmark_set.texts, benchmark_set.owner)))
    if isinstance(benchmark_set, ClassificationSet):
        return Contents(classes=tuple(benchmark_set.classes), labels=tuple(benchmark_set.labels))
    if isinstance(benchmark_set, StateSet):
        return Contents(state_choices=tuple(benchmark_set.questions))
    return Contents(questions=tuple(benchmark_set.questions), candidates=tuple(benchmark_set.candidates))


def _cost(model: ModelEmbeddings) -> EncodingCost:
    return EncodingCost(
        model.n_clips, round(model.seconds, 3), model.n_cached, round(model.cached_seconds, 3)
    )


def _dataset(benchmark_set: BenchmarkSet) -> ScoredDataset:
    card = benchmark_set.card
    published = tuple(
        ReportedFigure(**asdict(one), contaminated_by=tuple(contamination(one.trained_on, card)))
        for one in card.published
    )
    return ScoredDataset(**{**asdict(card), "published": published, **counts(benchmark_set)})


def _item(piece: MediaItem, medium: Media, seconds: float | None, undecodable: Mapping[str, str]) -> Item:
    path = str(piece.path) if piece.path != Path() else None
    reason = undecodable.get(piece.id)
    return Item(piece.id, path, piece.start, piece.end, seconds, medium.source, reason)
