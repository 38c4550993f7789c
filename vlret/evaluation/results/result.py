"""The result of a benchmark run; `to_json` gives the content of `result.json`, and `from_json` reads it.

The keys of `result.json` are the fields of the dataclasses, in their order, with these differences:

    schema      2, the first key
    texts, classes, labels, questions, candidates, triples
                the fields of `Contents`, each only where the task has it, in place of the key "contents";
                "questions" holds `state_choices`, too
    models[].parts
                `ModelResult.sections`
    keys that are left out where there is nothing to say
                items[].undecodable, texts[].also, models[].no_vector_texts, models[].answer_cost, models[].answers,
                parts[].per_query, parts[].members
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vlret.evaluation.answers.cost import AnswerCost
from vlret.evaluation.results.contents import Contents, Item, ScoredDataset
from vlret.evaluation.results.json_codec import OPTIONAL, decode, encode
from vlret.evaluation.results.section import ResultSection
from vlret.evaluation.results.stamp import Stamp

SCHEMA = 2
"""The version of the file format: a change of meaning takes another number."""


@dataclass(frozen=True, slots=True)
class EncodingCost:
    """Clips that were encoded in this run and those that came from the cache, with the seconds they once took."""

    clips: int
    seconds: float
    cached_clips: int
    cached_seconds: float

    @property
    def total_seconds(self) -> float:
        """Seconds of encoding, in this run and before."""
        return self.seconds + self.cached_seconds


@dataclass(frozen=True, slots=True)
class ModelResult:
    """What one model scored.

    Attributes:
        name: as given by the user.
        stamp: protocol, set, model, versions, machine.
        contaminated_by: datasets that the model was trained on, by its own account, and that overlap with this one.
        texts_cut: how many texts are longer than the model reads; None where `cost` is.
        cost: None for what vlret did not encode: precomputed embeddings and scorers of candidates.
        no_vector: ids of items that were decoded and have no embedding: counted as wrong.
        sections: the results ("parts" in JSON); the first is over all queries, plain cosine and whole texts.
        no_vector_texts: texts without a precomputed embedding: counted as wrong. None for other models.
        answer_cost: of a vision-language model; None for other models.
        answers: what a vision-language model wrote, one text a question ("" where its clip cannot be decoded). None
            for other models, and where it is scored by the likelihood of the candidates.
    """

    name: str
    stamp: Stamp
    contaminated_by: tuple[str, ...]
    texts_cut: int | None
    cost: EncodingCost | None
    no_vector: tuple[str, ...]
    sections: tuple[ResultSection, ...] = field(metadata={"key": "parts"})
    no_vector_texts: tuple[str, ...] | None = field(default=None, metadata=OPTIONAL)
    answer_cost: AnswerCost | None = field(default=None, metadata=OPTIONAL)
    answers: tuple[str, ...] | None = field(default=None, metadata=OPTIONAL)

    @property
    def is_precomputed(self) -> bool:
        """Whether it is of precomputed embeddings, of which it is not known how they were computed."""
        return self.no_vector_texts is not None

    @property
    def main(self) -> ResultSection:
        """The section over all queries, by plain cosine; text to video in retrieval."""
        return self.sections[0]


@dataclass(frozen=True, slots=True)
class BenchResult:
    """One run over one dataset.

    Attributes:
        task: retrieval, classification, vqa or text.
        created: when, ISO 8601 in UTC.
        dataset: its card and counts.
        items: clips and images as they were scored.
        contents: texts, classes, questions or triples as they were scored.
        missing: ids of items without a media file, left out.
        models: at least one.
    """

    task: str
    created: str
    dataset: ScoredDataset
    items: tuple[Item, ...]
    contents: Contents
    missing: tuple[str, ...]
    models: tuple[ModelResult, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, of which `from_json` makes an equal result."""
        return {
            "schema": SCHEMA,
            "task": self.task,
            "created": self.created,
            "dataset": encode(self.dataset),
            "items": encode(self.items),
            **self.contents.to_json(),
            "missing": list(self.missing),
            "models": encode(self.models),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> BenchResult:
        """A result from plain JSON values of schema 2.

        Raises:
            ValueError: a value is missing or of another type, or there are no models or no sections.
        """
        result = decode(cls, {**values, "contents": {}})
        if not result.models or not all(model.sections for model in result.models):
            raise ValueError("it has no models" if not result.models else "a model has no parts")
        return replace(result, contents=Contents.from_json(values))
