"""Refuses protocol choices that would change nothing: for the task, the dataset, or what is benchmarked."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePath

from vlret.datasets.base import BenchmarkSet
from vlret.errors import UsageError
from vlret.evaluation.protocol.protocol import check_template
from vlret.evaluation.tasks.registry import task_of, tasks_using
from vlret.media.sources import IMAGE_SUFFIXES

_OF_TIME = ("frames", "sampling")
_FOR_PRECOMPUTED = ("rerank", "ties", "allow_missing")


def check_task(task: str, given: Collection[str], choices: Collection[str]) -> None:
    """Refuse fields of `Protocol` that the task does not use, and prompts beside the choice of prompts.

    Raises:
        UsageError: not_used_by_task or prompts_given_twice.
    """
    for name in given:
        tasks = tasks_using(name)
        if task not in tasks:
            message = _not_used(name, f"It applies to {', '.join(tasks)} only.")
            raise UsageError(message, "Remove it.", code="not_used_by_task", given=name, allowed=tasks)
    if "prompts" in given and "prompts" in choices:
        raise UsageError(
            "Prompts and the choice of prompts were given together.",
            "Give one of the two.",
            code="prompts_given_twice",
        )


def check_dataset(benchmark_set: BenchmarkSet, given: Collection[str]) -> None:
    """Refuse fields of `Protocol` that change nothing for this dataset.

    Raises:
        UsageError: not_used_for_images or not_used_for_questions.
    """
    name = benchmark_set.card.name
    of_time = [field for field in _OF_TIME if field in given]
    if of_time and has_only_images(benchmark_set):
        message = _not_used(", ".join(of_time), f"All media of {name} are images, which have one frame.")
        raise UsageError(message, "Remove it.", code="not_used_for_images", given=of_time)
    if "query" in given and task_of(benchmark_set).has_own_queries:
        message = _not_used("query", f"The questions of {name} themselves are the queries.")
        raise UsageError(message, "Remove it.", code="not_used_for_questions", given="query")


def check_precomputed(given: Collection[str]) -> None:
    """Refuse fields of `Protocol` about encoding where only precomputed embeddings are scored.

    Raises:
        UsageError: not_used_for_precomputed.
    """
    unused = [name for name in given if name not in _FOR_PRECOMPUTED]
    if unused:
        message = _not_used(", ".join(unused), "Precomputed embeddings are used as they are.")
        raise UsageError(message, "Remove it.", code="not_used_for_precomputed", given=unused)


def check_predictor(given: Collection[str], takes_query: bool) -> None:
    """Refuse a query where no model has a predictor.

    Raises:
        UsageError: no_predictor.
    """
    if "query" in given and not takes_query:
        message = _not_used("query", "None of the models has a predictor.")
        raise UsageError(message, "Remove it.", code="no_predictor", given="query")


def check_vlms(task: str, vlms: Collection[str], prompt: str) -> None:
    """Refuse a vision-language model where no questions are asked, and a prompt without one.

    Raises:
        UsageError: vlm_needs_questions, prompt_needs_vlm or invalid_prompt.
    """
    if vlms and task != "vqa":
        raise UsageError(
            f"Vision-language models answer questions, and the task is {task}.",
            "Request the task vqa.",
            code="vlm_needs_questions",
            given=list(vlms),
        )
    if prompt and not vlms:
        message = _not_used("the prompt", "Only a vision-language model is asked in words.")
        raise UsageError(message, "Give such a model.", code="prompt_needs_vlm", given=prompt)
    if prompt:
        check_template(prompt, "question")


def has_only_images(benchmark_set: BenchmarkSet) -> bool:
    """Whether all media of a dataset are images by their names."""
    media = task_of(benchmark_set).media
    return bool(media) and all(PurePath(one.files[0]).suffix.lower() in IMAGE_SUFFIXES for one in media)


def _not_used(names: str, why: str) -> str:
    return f"Not used here: {names}. {why}"
