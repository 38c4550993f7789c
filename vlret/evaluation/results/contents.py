"""What was scored: the dataset, its items, and the texts, classes, questions or triplets that were asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vlret.datasets.base import Published, SetCard, SetQuestion, StateChoice, Triple
from vlret.evaluation.results.json_codec import OPTIONAL, decode, encode


@dataclass(frozen=True, slots=True)
class ReportedFigure(Published):
    """A published figure; `contaminated_by` names the training datasets that overlap with the benchmark."""

    contaminated_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoredDataset(SetCard):
    """The card of a dataset, and how many of each kind were scored (None: the task has no such)."""

    published: tuple[ReportedFigure, ...] = ()
    media: int | None = field(default=None, metadata=OPTIONAL)
    texts: int | None = field(default=None, metadata=OPTIONAL)
    classes: int | None = field(default=None, metadata=OPTIONAL)
    questions: int | None = field(default=None, metadata=OPTIONAL)
    triples: int | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, slots=True)
class Item:
    """A clip or image as it was scored.

    `path` is None for precomputed embeddings. `seconds` is the length (of a file in an index: to the end of its
    last clip), None where it is not known, and for images and what cannot be decoded. Items of one `group` are cut
    from one video and are drawn together for intervals. `undecodable` is the reason, where there is one.
    """

    id: str
    path: str | None
    start: float
    end: float | None
    seconds: float | None
    group: str
    undecodable: str | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, slots=True)
class RetrievalText:
    """A text and the number of its item; `also` are other items that are right, where there are any."""

    text: str
    item: int
    also: tuple[int, ...] | None = field(default=None, metadata=OPTIONAL)

    @property
    def right(self) -> tuple[int, ...]:
        """The numbers of all items that are right."""
        return (self.item, *(self.also or ()))


@dataclass(frozen=True, slots=True)
class Contents:
    """The lists that queries and pools are numbered by, beside the items; those of other tasks are empty.

    Attributes:
        texts: of retrieval.
        classes, labels: of classification; `labels[i]` are the numbers of the classes that item i shows.
        questions, candidates: of question answering; `candidates` holds where a question has none of its own.
        state_choices: questions about two states ("questions" in JSON, too).
        triples: of texts alone.
    """

    texts: tuple[RetrievalText, ...] = ()
    classes: tuple[str, ...] = ()
    labels: tuple[tuple[int, ...], ...] = ()
    questions: tuple[SetQuestion, ...] = ()
    candidates: tuple[str, ...] = ()
    state_choices: tuple[StateChoice, ...] = ()
    triples: tuple[Triple, ...] = ()

    def queries(self, kind: str) -> tuple[Any, ...]:
        """The records of a list that queries are numbered by: texts, questions or triples; () of another."""
        lists = {
            "texts": self.texts, "questions": self.questions or self.state_choices, "triples": self.triples,
        }  # fmt: skip
        return lists.get(kind, ())

    def to_json(self) -> dict[str, Any]:
        """As the keys of a result file: only those of the task."""
        if self.texts:
            return {"texts": encode(self.texts)}
        if self.labels:
            return {"classes": encode(self.classes), "labels": encode(self.labels)}
        if self.triples:
            return {"triples": encode(self.triples)}
        return {
            "questions": encode(self.questions or self.state_choices),
            "candidates": encode(self.candidates),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Contents:
        """From the keys of a result file.

        Raises:
            ValueError: a value is of another type.
        """
        made = dict(values)
        if any(isinstance(one, dict) and "clips" in one for one in _list(values.get("questions"))):
            made["state_choices"] = made.pop("questions")
        return decode(cls, made)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
