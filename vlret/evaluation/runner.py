"""Scores models on a benchmark set: one document with stamps, figures and ranks.

The document is plain JSON:

    schema      2
    task        retrieval, classification, vqa or text
    created     when, ISO 8601 in UTC
    dataset     the set's card (name, title, split, licence, source, metric, frames, prompts, choices,
                overlaps: {data set: what they share}, n_files, published: [{model, metric, value, source,
                trained_on, contaminated_by, note}]) and the counts of what was scored
    items       [{id, path, start, end, seconds, group}]: media as scored; path is null for vectors made elsewhere;
                seconds is the length (of a file in one's own index: to the end of its last clip), null where it
                is not known, and of images and what could not be decoded; items of one group are parts of one
                video and are drawn together; "undecodable": reason, where there is one
    texts       retrieval: [{text, item}], "also": other items that are right, where there are any;
                classes: [name]; questions: [{item, text, answer, candidates, group}]; candidates: those of the
                set; triples: [{first, second, negative, group}]; labels: [[class]]
    missing     ids of media without a file, left out
    models      one for each model:
        name            as it was asked for
        stamp           `Stamp.to_dict`: protocol, set, model, versions, machine
        contaminated_by data sets that the model says it was trained on and that overlap with this one
        no_vector_texts texts that a file of vectors made elsewhere lacks: counted as wrong (such models alone)
        texts_cut       how many texts are longer than the model reads
        no_vector       ids of items that were decoded and for which the model gave no vector: counted as wrong
        cost            {clips, seconds}: what was encoded in this run; {cached_clips, cached_seconds}: what came
                        from the cache, as measured when it was encoded; null for vectors made elsewhere
        parts           the results, one for each direction, re-ranking or group of queries:
            name, rerank ("none" is plain cosine), uses_test_queries,
            text_tokens             null where texts are whole, else what all texts were cut to
            queries_are, pool_is    which list above the numbers below count in
            queries, pool           how many
            figures                 {name: {value, low, high, chance}}: per cent, but median_rank and mean_rank;
                                    low and high are the 95% bootstrap interval
            per_query               best, worst: rank from 1 of the best relevant item as ties fall well or badly
                                    (pool + 1: no vector); top, top_scores: what stands first; values: {figure:
                                    [share 0..1 of each query]}, and "rank", the expected rank
            members                 in place of per_query: the queries of the part "all" that this group has
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from vlret.datasets.base import (
    BenchmarkSet,
    ClassificationSet,
    Media,
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
from vlret.evaluation.results.contamination import contamination
from vlret.evaluation.results.protocol import SCHEMA, Protocol, listed
from vlret.evaluation.results.stamp import counts, stamp
from vlret.evaluation.tasks.classification import class_vectors, classification_parts
from vlret.evaluation.tasks.question_answering import queries_of, vqa_parts
from vlret.evaluation.tasks.retrieval import cut_parts, retrieval_parts
from vlret.evaluation.tasks.state_choice import state_parts, states_of
from vlret.evaluation.tasks.triplets import triple_parts
from vlret.media.normal_form import NormalForms
from vlret.models.base import Embedder
from vlret.types import Vectors

_UNKNOWN_OF_VECTORS = ("frames", "sampling", "resize", "text_tokens", "prompts", "query")
Document = dict[str, Any]


def run(
    benchmark_set: BenchmarkSet,
    data: Path | None,
    models: Sequence[Embedder | PrecomputedEmbeddings],
    protocol: Protocol,
    *,
    names: Sequence[str] = (),
    cache: Path | None = None,
    workers: int = 1,
) -> Document:
    """Score `models` on a set whose media lie below `data`; see above for the document.

    Args:
        benchmark_set: as a `vlret.datasets` adapter gives it.
        data: folder of the media; None where none are needed (texts, vectors made elsewhere).
        models: embedders, which see the same frames, and vectors made elsewhere.
        protocol: `protocol_for` makes the usual one of a set.
        names: what the models are called in the document (default: by their cards, or files).
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
            parts, no_vector = _score(model, benchmark_set, pieces, protocol, failed)
            results.append(
                model_result(model, benchmark_set, pieces, parts, no_vector, protocol, missing, failed)
            )
    finally:
        lengths.flush()
        for vectors in seen:
            vectors.flush()
    seconds = [None if piece.id in failed else lengths.seconds(piece) for piece in pieces]
    return make_document(benchmark_set, pieces, seconds, missing, failed, results)


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

    pieces, forms = [], NormalForms()
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


def model_result(
    model: ModelEmbeddings | PrecomputedEmbeddings,
    benchmark_set: BenchmarkSet,
    pieces: Sequence[MediaItem],
    parts: list[Document],
    no_vector: Sequence[str],
    protocol: Protocol,
    missing: Sequence[str],
    failed: Mapping[str, str],
) -> Document:
    """One entry of the document's `models`."""
    seen = pieces if isinstance(model, ModelEmbeddings) else ()
    made = stamp(protocol, benchmark_set, model.about(), missing, list(failed), seen).to_dict()
    result: Document = {
        "name": model.name, "stamp": made, "contaminated_by": [], "texts_cut": None, "cost": None,
        "no_vector": [one for one in no_vector if one not in failed], "parts": parts,
    }  # fmt: skip
    if isinstance(model, PrecomputedEmbeddings):
        made["protocol"] |= dict.fromkeys(_UNKNOWN_OF_VECTORS)
        return result | {"no_vector_texts": list(model.lacked)}
    return result | {
        "contaminated_by": contamination(model.model.card.trained_on, benchmark_set.card),
        "texts_cut": len(model.cut),
        "cost": {
            "clips": model.n_clips,
            "seconds": round(model.seconds, 3),
            "cached_clips": model.n_cached,
            "cached_seconds": round(model.cached_seconds, 3),
        },
    }


def _score(
    model: EmbeddingSource,
    benchmark_set: BenchmarkSet,
    pieces: Sequence[MediaItem],
    protocol: Protocol,
    failed: Collection[str],
) -> tuple[list[Document], list[str]]:
    """The parts of a model, and the ids of media for which it has no vector.

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
) -> list[Document]:
    """With whole texts, and beside it with texts cut where the protocol says so: of models, which read texts."""
    texts, owner = benchmark_set.texts, benchmark_set.owner
    parts = retrieval_parts(clips, model.texts(texts), owner, protocol, model.temperature, sources)
    if protocol.text_tokens is not None and isinstance(model, ModelEmbeddings):
        cut = model.cut_texts(texts, protocol.text_tokens)
        parts += cut_parts(clips, cut, owner, protocol, sources)
    return parts


def make_document(
    benchmark_set: BenchmarkSet,
    pieces: Sequence[MediaItem],
    seconds: Sequence[float | None],
    missing: Sequence[str],
    failed: Mapping[str, str],
    results: Sequence[Document],
) -> Document:
    """The document of a set as it was scored; see above."""
    card, media = asdict(benchmark_set.card), media_of(benchmark_set)
    items = [_item(*one, failed) for one in zip(pieces, media, seconds, strict=True)]
    for one in card["published"]:
        one["contaminated_by"] = contamination(one["trained_on"], benchmark_set.card)
    return {
        "schema": SCHEMA,
        "task": benchmark_set.card.task,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "dataset": {**listed(card), **counts(benchmark_set)},
        "items": items,
        **listed(_contents(benchmark_set)),
        "missing": list(missing),
        "models": list(results),
    }


def _item(piece: MediaItem, medium: Media, seconds: float | None, failed: Mapping[str, str]) -> Document:
    path = str(piece.path) if piece.path != Path() else None
    item: Document = {
        "id": piece.id, "path": path, "start": piece.start, "end": piece.end, "seconds": seconds,
        "group": medium.source,
    }  # fmt: skip
    return {**item, "undecodable": failed[piece.id]} if piece.id in failed else item


def _contents(benchmark_set: BenchmarkSet) -> Document:
    if isinstance(benchmark_set, TextSet):
        return {"triples": [asdict(triple) for triple in benchmark_set.triples]}
    if isinstance(benchmark_set, RetrievalSet):
        pairs = zip(benchmark_set.texts, benchmark_set.owner, strict=True)
        return {"texts": [{"text": text, "item": owner} for text, owner in pairs]}
    if isinstance(benchmark_set, ClassificationSet):
        return {"classes": benchmark_set.classes, "labels": [list(row) for row in benchmark_set.labels]}
    questions = [asdict(question) for question in benchmark_set.questions]
    return {"questions": questions, "candidates": list(getattr(benchmark_set, "candidates", ()))}
