"""Text to video and video to text, plain and re-ranked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from vlret.datasets.base import RetrievalSet
from vlret.evaluation.embeddings.model_embeddings import ModelEmbeddings
from vlret.evaluation.embeddings.source import EmbeddingSource, MediaItem
from vlret.evaluation.metrics.figures import figures, retrieval_values, top_lists
from vlret.evaluation.metrics.ranks import Ints, ScoreBlocks, cosine, rank
from vlret.evaluation.metrics.rerank import RERANKERS
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.contents import Contents, RetrievalText
from vlret.evaluation.results.section import ResultSection, make_section
from vlret.evaluation.tasks.base import Scores, Task, embedded_clips, embedding_source
from vlret.evaluation.tasks.candidate_scorer import CandidateScorer
from vlret.types import Vectors


class Retrieval(Task[RetrievalSet]):
    """Texts and the media they describe, in both directions."""

    name = "retrieval"
    unused = ("prompts",)

    def score(
        self,
        model: EmbeddingSource | CandidateScorer,
        items: Sequence[MediaItem],
        protocol: Protocol,
        undecodable: Collection[str],
    ) -> Scores:
        """See `Task.score`; beside whole texts, truncated ones where the protocol says so and a model reads them."""
        source = embedding_source(model, "retrieval")
        clips, no_vector = embedded_clips(source, items, protocol, undecodable)
        texts, owner, sources = self.dataset.texts, self.dataset.owner, self.sources
        sections = retrieval_sections(
            clips, source.texts(texts), owner, protocol, source.temperature, sources
        )
        if protocol.text_tokens is not None and isinstance(source, ModelEmbeddings):
            truncated = source.truncated_texts(texts, protocol.text_tokens)
            sections += truncated_sections(clips, truncated, owner, protocol, sources)
        return Scores(sections, no_vector)

    def contents(self) -> Contents:
        """Texts and their media."""
        return Contents(texts=tuple(map(RetrievalText, self.dataset.texts, self.dataset.owner)))

    def hashed(self) -> Iterable[Any]:
        """Texts and their media."""
        return zip(self.dataset.texts, self.dataset.owner, strict=True)

    def keep(self, numbers: Mapping[int, int]) -> RetrievalSet:
        """Without the texts of the other media."""
        pairs = zip(self.dataset.texts, self.dataset.owner, strict=True)
        kept = [(text, numbers[owner]) for text, owner in pairs if owner in numbers]
        texts, owner = [text for text, _ in kept], [number for _, number in kept]
        return replace(self.dataset, media=self.kept_media(numbers), texts=texts, owner=owner)

    def texts(self) -> Sequence[str]:
        """The texts of the dataset."""
        return self.dataset.texts


def retrieval_sections(
    clips: Vectors,
    texts: Vectors,
    owner: Sequence[int],
    protocol: Protocol,
    temperature: float,
    sources: Ints,
) -> list[ResultSection]:
    """Both directions of unit vectors float32 [n, dim] and [t, dim]; text j belongs to clip `owner[j]`.

    Captions of one clip, and clips of equal `sources` [n] with their captions, are drawn together for the intervals.
    """
    shape = (len(texts), len(clips))
    relevant = csr_array((np.ones(len(texts), bool), (np.arange(len(texts)), owner)), shape)
    forth, back = cosine(texts, clips), cosine(clips, texts)
    return [
        *direction_sections(
            "text to video", ("texts", "items"), forth, relevant, sources[owner], protocol, temperature
        ),
        *direction_sections(
            "video to text", ("items", "texts"), back, csr_array(relevant.T), sources, protocol, temperature
        ),
    ]


def truncated_sections(
    clips: Vectors, texts: Vectors, owner: Sequence[int], protocol: Protocol, sources: Ints
) -> list[ResultSection]:
    """Both directions of texts [t, dim] truncated to the protocol's `text_tokens`, by plain cosine."""
    n = protocol.text_tokens
    sections = retrieval_sections(clips, texts, owner, replace(protocol, rerank=()), 1.0, sources)
    return [replace(one, name=f"{one.name}, texts cut to {n} tokens", text_tokens=n) for one in sections]


def direction_sections(
    name: str,
    lists: tuple[str, str],
    scores: ScoreBlocks,
    relevant: csr_array,
    groups: ArrayLike | None,
    protocol: Protocol,
    temperature: float,
) -> list[ResultSection]:
    """The section of plain cosine and of each re-ranking; `lists` are what queries and pool are called."""
    made = []
    for rule in ("none", *protocol.rerank):
        reranked = RERANKERS[rule](scores, temperature) if rule != "none" else scores
        ranks = rank(reranked, relevant)
        values = retrieval_values(ranks.by_rule(protocol.ties))
        numbers = figures(values, retrieval_values(ranks.chance()), groups)
        made.append(make_section(name, *lists, ranks, values, numbers, rerank=rule, top=top_lists(reranked)))
    return made
