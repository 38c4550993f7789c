"""Scores models on a benchmark dataset: one result with stamps, figures and ranks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlret.cache_folder import default_cache
from vlret.datasets.registry import resolve
from vlret.errors import UsageError
from vlret.evaluation.answers.answer_media import answer_media
from vlret.evaluation.answers.kept_answers import KeptAnswers
from vlret.evaluation.answers.scorers import LikelihoodScorer, WrittenScorer
from vlret.evaluation.embeddings.durations import Durations
from vlret.evaluation.embeddings.embed_media import embed_media, media_item
from vlret.evaluation.embeddings.model_embeddings import ModelEmbeddings
from vlret.evaluation.embeddings.precomputed import PrecomputedEmbeddings
from vlret.evaluation.embeddings.source import MediaItem
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.build import make_model_result, make_result
from vlret.evaluation.results.result import BenchResult, ModelResult
from vlret.evaluation.tasks.base import Task
from vlret.evaluation.tasks.candidate_scorer import CandidateScorer
from vlret.evaluation.tasks.missing import present, require_whole
from vlret.evaluation.tasks.question_answering import QuestionAnswering
from vlret.evaluation.tasks.registry import task_of
from vlret.media.sources.unicode_names import UnicodeNames
from vlret.models.base import Embedder
from vlret.models.vlm.base import VisionLanguageModel

Model = Embedder | PrecomputedEmbeddings | CandidateScorer | VisionLanguageModel
"""What can be scored."""
_Scored = ModelEmbeddings | PrecomputedEmbeddings | CandidateScorer


def run(
    dataset: object,
    data: Path | None,
    models: Sequence[Model],
    protocol: Protocol,
    *,
    names: Sequence[str] = (),
    cache: Path | None = None,
    workers: int = 1,
) -> BenchResult:
    """Score `models` on a dataset whose media lie below `data`.

    Args:
        dataset: as a `vlret.datasets` adapter gives it, or any other that `tasks.registry.TASKS` has a task for.
        data: directory of the media; None where none are needed (texts, precomputed embeddings).
        models: embedders, which see the same frames, precomputed embeddings, scorers of candidates, and
            vision-language models, which are scored twice: by what they write and by likelihood.
        protocol: `protocol_for` makes the usual one of a dataset.
        names: names of the models in the result (default: by their cards, or files).
        cache: directory of the embeddings kept between runs (default: `default_cache`).
        workers: processes that decode.

    Raises:
        DatasetError: annotations are incomplete and the protocol does not allow it.
        MediaError: media are missing and the protocol does not allow it, or nothing is left to score.
        UsageError: no models, one twice, or one that cannot do the task.
    """
    names = names or [_name(model) for model in models]
    task = task_of(dataset)
    _check(task, models, names)
    require_whole(task.card, protocol.allow_missing)
    missing: list[str] = []
    needs_media = not all(isinstance(model, PrecomputedEmbeddings) for model in models)
    if needs_media:
        task, missing = present(task, data, protocol)
    work = _Work(task, _items(task, data if needs_media else None), protocol, missing)
    folder = default_cache() if cache is None else cache
    durations = Durations(folder)
    with _embeddings(task, models, names, protocol, folder, durations) as scored:
        undecodable = work.read(scored, durations, workers)
        results = [work.score(model, undecodable) for model in scored]
    seconds = [None if item.id in undecodable else durations.seconds(item) for item in work.items]
    return make_result(work.task.scored_set(), work.items, seconds, missing, undecodable, results)


@dataclass
class _Work:
    """A run over the media that are here."""

    task: Task[Any]
    items: list[MediaItem]
    protocol: Protocol
    missing: Sequence[str]

    def read(self, models: Sequence[_Scored], durations: Durations, workers: int) -> dict[str, str]:
        """Embed all media, and ask about them.

        Returns the ids that cannot be decoded, with the reason, and excludes them if so chosen.
        """
        embedders = [model for model in models if isinstance(model, ModelEmbeddings)]
        inputs = self.task.embedding_inputs(self.items, self.protocol)
        reasons = embed_media(*inputs, embedders, durations, workers)
        reasons |= self._answer(_kept_answers(models), reasons, durations, workers)
        undecodable = {item.id: reasons[item.key] for item in self.items if item.key in reasons}
        if self.protocol.undecodable == "excluded":
            self.task = self.task.without(undecodable)
            self.items = [item for item in self.items if item.id not in undecodable]
        return undecodable

    def _answer(
        self, models: Sequence[KeptAnswers], reasons: Mapping[str, str], durations: Durations, workers: int
    ) -> dict[str, str]:
        """Ask about what can be decoded; the reasons, by key, for what cannot."""
        if not isinstance(self.task, QuestionAnswering) or not models:
            return {}
        pairs = [
            (item, asked)
            for item, asked in zip(self.items, self.task.asked(), strict=True)
            if item.key not in reasons
        ]
        return answer_media(
            [item for item, _ in pairs], [one for _, one in pairs], models, durations, workers
        )

    def score(self, model: _Scored, undecodable: Mapping[str, str]) -> ModelResult:
        """The result of one model."""
        scores = self.task.score(model, self.items, self.protocol, undecodable)
        return make_model_result(
            model, self.task.scored_set(), self.items, scores.sections, scores.no_vector, self.protocol,
            self.missing, undecodable, scores.answers,
        )  # fmt: skip


@contextmanager
def _embeddings(
    task: Task[Any],
    models: Sequence[Model],
    names: Sequence[str],
    protocol: Protocol,
    cache: Path,
    durations: Durations,
) -> Iterator[list[_Scored]]:
    """The models as they are scored; what they computed is in the cache at the end, whatever happens."""
    scored: list[_Scored] = []
    for model, name in zip(models, names, strict=True):
        if isinstance(model, Embedder):
            kept = ModelEmbeddings(model, protocol, cache, name, task.asks_questions, durations.flush)
            scored.append(kept)
        elif isinstance(model, VisionLanguageModel):
            scored += _scorers(model, name, task, protocol, cache, durations)
        else:
            scored.append(model)
    try:
        yield scored
    finally:
        durations.flush()
        for one in scored:
            if isinstance(one, ModelEmbeddings):
                one.flush()
        for answers in _kept_answers(scored):
            answers.flush()


def _scorers(
    model: VisionLanguageModel,
    name: str,
    task: Task[Any],
    protocol: Protocol,
    cache: Path,
    durations: Durations,
) -> list[_Scored]:
    """The two ways to score a vision-language model, which share its answers."""
    if not isinstance(task, QuestionAnswering):
        raise UsageError(
            f"{name} answers questions, and {task.card.name} asks none about single clips.",
            "Give a dataset of questions.",
            code="vlm_needs_questions",
            dataset=task.card.name,
        )
    model.check_frames(protocol.frames)
    answers = KeptAnswers(model, protocol, cache, name, durations.flush)
    return [WrittenScorer(answers, task.match_rule()), LikelihoodScorer(answers)]


def _kept_answers(scored: Sequence[_Scored]) -> list[KeptAnswers]:
    return [one.answers for one in scored if isinstance(one, WrittenScorer)]


def _name(model: Model) -> str:
    return model.card.name if isinstance(model, Embedder) else model.name


def _check(task: Task[Any], models: Sequence[Model], names: Sequence[str]) -> None:
    if not models:
        raise UsageError("No model was given.", "Give a model or precomputed embeddings.", code="no_model")
    if len(set(names)) < len(names):
        message = f"A model is given twice: {', '.join(names)}."
        raise UsageError(message, "Give each once.", code="model_given_twice", given=list(names))
    for model in models:
        task.check_model(model)


def _items(task: Task[Any], data: Path | None) -> list[MediaItem]:
    """The media in their order; for precomputed embeddings they have an id only."""
    names = UnicodeNames()
    paths = [resolve(media, data, names) if data else None for media in task.media]
    return [
        media_item(path, media) if path else MediaItem(media.id, media.id, Path(), media.start, media.end)
        for path, media in zip(paths, task.media, strict=True)
    ]
