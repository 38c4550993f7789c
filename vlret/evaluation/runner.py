"""Scores models on a benchmark set: one result with stamps, figures and ranks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vlret.datasets.base import (
    BenchmarkSet,
    RetrievalSet,
    SetCard,
    StateSet,
    TextSet,
    VqaSet,
)
from vlret.errors import UsageError
from vlret.evaluation.embeddings.cache import default_cache
from vlret.evaluation.embeddings.durations import Durations
from vlret.evaluation.embeddings.embed_media import Queries, embed_media, media_item
from vlret.evaluation.embeddings.model_embeddings import ModelEmbeddings
from vlret.evaluation.embeddings.precomputed import PrecomputedEmbeddings
from vlret.evaluation.embeddings.source import EmbeddingSource, MediaItem
from vlret.evaluation.inputs.subset import media_of, present, require_whole, source_numbers, without
from vlret.evaluation.metrics.ranks import Ints
from vlret.evaluation.results.build import make_model_result, make_result
from vlret.evaluation.results.protocol import Protocol
from vlret.evaluation.results.result import BenchResult
from vlret.evaluation.results.section import ResultSection
from vlret.evaluation.tasks.classification import class_vectors, classification_parts
from vlret.evaluation.tasks.question_answering import queries_of, vqa_parts
from vlret.evaluation.tasks.retrieval import cut_parts, retrieval_parts
from vlret.evaluation.tasks.state_choice import state_parts, states_of
from vlret.evaluation.tasks.triplets import triple_parts
from vlret.media.sources.unicode_names import UnicodeNames
from vlret.models.base import Embedder
from vlret.types import Vectors


def run(
    benchmark_set: BenchmarkSet,
    data: Path | None,
    models: Sequence[Embedder | PrecomputedEmbeddings],
    protocol: Protocol,
    *,
    names: Sequence[str] = (),
    cache: Path | None = None,
    workers: int = 1,
) -> BenchResult:
    """Score `models` on a set whose media lie below `data`.

    Args:
        benchmark_set: as a `vlret.datasets` adapter gives it.
        data: folder of the media; None where none are needed (texts, vectors made elsewhere).
        models: embedders, which see the same frames, and vectors made elsewhere.
        protocol: `protocol_for` makes the usual one of a set.
        names: what the models are called in the result (default: by their cards, or files).
        cache: folder for vectors between runs (default: `default_cache`).
        workers: processes that decode.

    Raises:
        DatasetError: the annotations are a part of the owner's and the protocol does not allow it.
        MediaError: media are missing and the protocol does not allow it, or nothing is left to score.
        UsageError: no models, one twice, or vectors made elsewhere for questions.
    """
    names = names or [model.card.name if isinstance(model, Embedder) else model.name for model in models]
    _check(benchmark_set, models, names)
    require_whole(benchmark_set.card, protocol.allow_missing)
    folder = default_cache() if cache is None else cache
    embedders = [model for model in models if isinstance(model, Embedder)]
    missing: list[str] = []
    if embedders:
        benchmark_set, missing = present(benchmark_set, data, protocol)
    pieces = _pieces(benchmark_set, data if embedders else None)
    keep_tokens, lengths = isinstance(benchmark_set, VqaSet), Durations(folder)
    scored = [
        ModelEmbeddings(model, protocol, folder, name, keep_tokens, lengths.flush)
        if isinstance(model, Embedder)
        else model
        for model, name in zip(models, names, strict=True)
    ]
    seen = [model for model in scored if isinstance(model, ModelEmbeddings)]
    try:
        reasons = embed_media(*_asked(benchmark_set, pieces, protocol), seen, lengths, workers)
        failed = {piece.id: reasons[piece.key] for piece in pieces if piece.key in reasons}
        if protocol.undecodable == "excluded":
            benchmark_set = without(benchmark_set, failed)
            pieces = [piece for piece in pieces if piece.id not in failed]
        results = []
        for model in scored:
            sections, no_vector = _score(model, benchmark_set, pieces, protocol, failed)
            results.append(
                make_model_result(
                    model, benchmark_set, pieces, sections, no_vector, protocol, missing, failed
                )
            )
    finally:
        lengths.flush()
        for vectors in seen:
            vectors.flush()
    seconds = [None if piece.id in failed else lengths.seconds(piece) for piece in pieces]
    return make_result(benchmark_set, pieces, seconds, missing, failed, results)


def protocol_for(card: SetCard, **choices: Any) -> Protocol:
    """The usual protocol of a set, with `choices` (fields of `Protocol`; None leaves the usual) in its place.

    Prompts that are given take the place of the set's choice of prompts.
    """
    of_set = {
        name: value for name, value in card.choices.items() if name != "prompts" or not choices.get(name)
    }
    usual: dict[str, Any] = {
        "dataset": card.name, "split": card.split, "choices": of_set,
        "frames": max(card.frames, 1), "prompts": card.prompts,
    }  # fmt: skip
    return Protocol(**{**usual, **{name: value for name, value in choices.items() if value is not None}})


def _check(
    benchmark_set: BenchmarkSet, models: Sequence[Embedder | PrecomputedEmbeddings], names: Sequence[str]
) -> None:
    if not models:
        raise UsageError("No model was given.", "Give one with --model, or vectors with --vectors.")
    if len(set(names)) < len(names):
        raise UsageError(f"A model is given twice: {', '.join(names)}.", "Give each once.")
    if any(isinstance(model, PrecomputedEmbeddings) for model in models) and benchmark_set.card.task == "vqa":
        raise UsageError("Questions need a model that can be asked.", "Give --model in place of --vectors.")


def _pieces(benchmark_set: BenchmarkSet, data: Path | None) -> list[MediaItem]:
    """The media in their order; for vectors made elsewhere they have an id only."""
    from vlret.datasets.registry import resolve

    pieces, forms = [], UnicodeNames()
    for medium in media_of(benchmark_set):
        path = resolve(medium, data, forms) if data else None
        pieces.append(
            media_item(path, medium)
            if path
            else MediaItem(medium.id, medium.id, Path(), medium.start, medium.end)
        )
    return pieces


def _asked(
    benchmark_set: BenchmarkSet, pieces: Sequence[MediaItem], protocol: Protocol
) -> tuple[Sequence[MediaItem], Queries]:
    """What the models have to look at, and what each is asked."""
    if isinstance(benchmark_set, VqaSet):
        return pieces, queries_of(benchmark_set, protocol)
    if isinstance(benchmark_set, StateSet):
        clips = sorted({clip for question in benchmark_set.questions for clip in question.clips})
        pieces = [*states_of(benchmark_set, pieces), *(pieces[clip] for clip in clips)]
    return pieces, [[protocol.query]] * len(pieces)


def _score(
    model: EmbeddingSource,
    benchmark_set: BenchmarkSet,
    pieces: Sequence[MediaItem],
    protocol: Protocol,
    failed: Collection[str],
) -> tuple[list[ResultSection], list[str]]:
    """The sections of a model, and the ids of media for which it has no vector.

    What could not be decoded (`failed`) has none for any contestant, vectors made elsewhere included.
    """
    if isinstance(benchmark_set, TextSet):
        return triple_parts(model, benchmark_set.triples, protocol), []
    if isinstance(benchmark_set, VqaSet):
        return vqa_parts(model, benchmark_set, pieces, protocol), []
    if isinstance(benchmark_set, StateSet):
        return state_parts(model, benchmark_set, pieces, protocol), []
    clips, sources = model.clips(pieces, protocol.query), source_numbers(benchmark_set.media)
    clips[[piece.id in failed for piece in pieces]] = np.nan
    no_vector = [piece.id for piece, row in zip(pieces, clips, strict=True) if np.isnan(row).any()]
    if isinstance(benchmark_set, RetrievalSet):
        return _retrieval(model, benchmark_set, clips, protocol, sources), no_vector
    classes = class_vectors(model, benchmark_set.classes)
    return classification_parts(clips, classes, benchmark_set.labels, protocol, sources), no_vector


def _retrieval(
    model: EmbeddingSource, benchmark_set: RetrievalSet, clips: Vectors, protocol: Protocol, sources: Ints
) -> list[ResultSection]:
    """With whole texts, and beside it with texts cut where the protocol says so: of models, which read texts."""
    texts, owner = benchmark_set.texts, benchmark_set.owner
    parts = retrieval_parts(clips, model.texts(texts), owner, protocol, model.temperature, sources)
    if protocol.text_tokens is not None and isinstance(model, ModelEmbeddings):
        cut = model.cut_texts(texts, protocol.text_tokens)
        parts += cut_parts(clips, cut, owner, protocol, sources)
    return parts
