"""The interface of a benchmark task: one class per kind of dataset, entered in `tasks/registry.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np

from vlret.datasets.base import Media, SetCard
from vlret.errors import MediaError, UsageError
from vlret.evaluation.embeddings.embed_media import Queries
from vlret.evaluation.embeddings.precomputed import PrecomputedEmbeddings
from vlret.evaluation.embeddings.source import EmbeddingSource, MediaItem
from vlret.evaluation.metrics.ranks import Ints
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.contents import Contents
from vlret.evaluation.results.scored import ScoredSet, lines_hash
from vlret.evaluation.results.section import ResultSection
from vlret.evaluation.tasks.candidate_scorer import CandidateScorer
from vlret.types import Vectors

Dataset = TypeVar("Dataset")


@dataclass(frozen=True, slots=True)
class Scores:
    """The result sections of one model, the ids of the media of which it has no embedding, and what it wrote."""

    sections: list[ResultSection]
    no_vector: Sequence[str] = ()
    answers: Sequence[str] | None = None


class Task(ABC, Generic[Dataset]):
    """A dataset together with how it is scored.

    A subclass is one file: `score`, `contents`, `hashed` and `keep` are what has to be written; all else has a default.

    Attributes:
        name: as in `SetCard.task`.
        unused: the fields of `Protocol` that make no difference to it.
        asks_questions: whether one clip is embedded for several queries, so that its visual tokens are kept.
        takes_precomputed: whether precomputed embeddings can be scored.
    """

    name: ClassVar[str]
    unused: ClassVar[Collection[str]] = ()
    asks_questions: ClassVar[bool] = False
    takes_precomputed: ClassVar[bool] = True

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    @abstractmethod
    def score(
        self,
        model: EmbeddingSource | CandidateScorer,
        items: Sequence[MediaItem],
        protocol: Protocol,
        undecodable: Collection[str],
    ) -> Scores:
        """Score one model.

        Args:
            model: embeddings of all that `embedding_inputs` and `score` itself need, or a scorer of candidates.
            items: the media of the dataset, in their order.
            protocol: how scores are counted.
            undecodable: ids of media that could not be decoded: wrong for every model, precomputed ones included.

        Raises:
            UsageError: the model cannot do this task.
        """

    @abstractmethod
    def contents(self) -> Contents:
        """The texts, classes or questions, as they stand in a result."""

    @abstractmethod
    def hashed(self) -> Iterable[Any]:
        """JSON values of everything beside the media that makes up the dataset."""

    @abstractmethod
    def keep(self, numbers: Mapping[int, int]) -> Dataset:
        """The dataset with these media alone, by old number, and their new numbers."""

    @property
    def card(self) -> SetCard:
        """The card of the dataset."""
        card: SetCard = self.dataset.card  # type: ignore[attr-defined]
        return card

    @property
    def media(self) -> Sequence[Media]:
        """The media of the dataset; none for texts alone."""
        return getattr(self.dataset, "media", ())

    @property
    def sources(self) -> Ints:
        """For each media item the number of its source, int64 [n]: parts of one video have the same."""
        return source_numbers(self.media)

    @property
    def n_queries(self) -> int:
        """How many queries are left to score."""
        return len(self.media)

    @property
    def has_own_queries(self) -> bool:
        """Whether the dataset has a query for every item, so that the protocol's is not used."""
        return False

    def texts(self) -> Sequence[str]:
        """The texts of which precomputed embeddings are needed."""
        return ()

    def embedding_inputs(
        self, items: Sequence[MediaItem], protocol: Protocol
    ) -> tuple[Sequence[MediaItem], Queries]:
        """What the models have to embed, and for which queries each."""
        return items, [[protocol.query]] * len(items)

    def counts(self) -> dict[str, int]:
        """How many media, texts, classes, questions or triples it has."""
        names = ("media", "texts", "classes", "questions", "triples")
        return {name: len(getattr(self.dataset, name)) for name in names if hasattr(self.dataset, name)}

    def set_hash(self) -> str:
        """SHA-256 (hex) over ids, time ranges and texts in their order: the split as it is scored."""
        spans = [(media.id, media.start, media.end) for media in self.media]
        return lines_hash([*spans, *self.hashed()])

    def scored_set(self) -> ScoredSet:
        """What a result says of the dataset."""
        return ScoredSet(
            self.card, self.media, self.contents(), self.counts(), self.set_hash(), frozenset(self.unused)
        )

    def without(self, ids: Collection[str]) -> Self:
        """The task without the media of these ids, their texts, labels and questions; the pool shrinks.

        Raises:
            MediaError: nothing is left.
        """
        if not ids:
            return self
        kept = [i for i, media in enumerate(self.media) if media.id not in ids]
        task = type(self)(self.keep({old: new for new, old in enumerate(kept)}))
        if not task.media or not task.n_queries:
            message = f"No item of {self.card.name} is left to score."
            raise MediaError(
                message, "Check the media directory.", code="nothing_to_score", dataset=self.card.name
            )
        return task

    def kept_media(self, numbers: Mapping[int, int]) -> list[Media]:
        """The media of `keep`, in their order."""
        return [self.media[old] for old in numbers]

    def check_model(self, model: object) -> None:
        """Refuse precomputed embeddings for questions, which need a model.

        Raises:
            UsageError: they were given.
        """
        if isinstance(model, PrecomputedEmbeddings) and not self.takes_precomputed:
            raise UsageError(
                "Precomputed embeddings cannot answer questions.",
                "Give a model instead.",
                code="questions_need_model",
                dataset=self.card.name,
            )


def source_numbers(media: Sequence[Media]) -> Ints:
    """For each media item the number of its source, int64 [n]: parts of one video have the same."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(one.source, len(numbers)) for one in media], np.int64)


def embedding_source(model: EmbeddingSource | CandidateScorer, task: str) -> EmbeddingSource:
    """`model` where it gives embeddings.

    Raises:
        UsageError: it only scores candidates.
    """
    if isinstance(model, CandidateScorer):
        raise UsageError(
            f"{model.name} scores candidates and gives no embeddings, which {task} needs.",
            "Leave it out.",
            code="needs_embeddings",
            model=model.name,
        )
    return model


def embedded_clips(
    model: EmbeddingSource, items: Sequence[MediaItem], protocol: Protocol, undecodable: Collection[str]
) -> tuple[Vectors, list[str]]:
    """Embeddings float32 [n, dim] of all items, NaN where there is none, and the ids of those without."""
    clips = model.clips(items, protocol.query)
    clips[[item.id in undecodable for item in items]] = np.nan
    return clips, [item.id for item, row in zip(items, clips, strict=True) if np.isnan(row).any()]
