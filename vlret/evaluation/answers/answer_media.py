"""Asks vision-language models about the media of a run: each clip is decoded once, for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from tqdm import tqdm

from vlret.evaluation.answers.kept_answers import Asked, KeptAnswers
from vlret.evaluation.embeddings.decode_media import decode_media
from vlret.evaluation.embeddings.durations import Durations
from vlret.evaluation.embeddings.source import MediaItem

_Todo = dict[MediaItem, list[tuple[KeptAnswers, Asked]]]


def answer_media(
    items: Sequence[MediaItem],
    asked: Sequence[Sequence[Asked]],
    models: Sequence[KeptAnswers],
    durations: Durations,
    workers: int = 1,
) -> dict[str, str]:
    """Compute all answers that a model does not have yet: `asked` has the questions of each item.

    Returns:
        the reason for each item, by its key, that could not be decoded.
    """
    todo = _todo(items, asked, models)
    failed: dict[str, str] = {}
    if not todo:
        return failed
    protocol = models[0].protocol
    with tqdm(total=sum(map(len, todo.values())), desc="questions", unit="question", disable=None) as bar:
        for item, frames in decode_media(list(todo), protocol, workers, failed, durations):
            for model, one in todo[item]:
                model.answer(item, frames, one)
                bar.update()
    return failed


def _todo(
    items: Sequence[MediaItem], asked: Sequence[Sequence[Asked]], models: Sequence[KeptAnswers]
) -> _Todo:
    """For each item the models and questions that are to be answered, each once."""
    found: dict[MediaItem, dict[tuple[int, Asked], KeptAnswers]] = {}
    for item, questions in zip(items, asked, strict=True):
        for number, model in enumerate(models):
            new = {(number, one): model for one in questions if model.lacks(item, one)}
            if new:
                found.setdefault(item, {}).update(new)
    return {item: [(model, one) for (_, one), model in new.items()] for item, new in found.items()}
