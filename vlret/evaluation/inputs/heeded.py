"""Which task heeds which field of a protocol: what has no effect is refused, and is not stamped as if it had."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import PurePath
from typing import Any

from vlret.datasets.base import BenchmarkSet, Task, VqaSet
from vlret.errors import UsageError
from vlret.evaluation.inputs.subset import media_of
from vlret.evaluation.results.protocol import Protocol
from vlret.media.sources import IMAGE_SUFFIXES

_OF_MEDIA: tuple[Task, ...] = ("retrieval", "classification", "vqa")
HEEDED_BY: Mapping[str, tuple[Task, ...]] = {
    "frames": _OF_MEDIA, "sampling": _OF_MEDIA, "resize": _OF_MEDIA, "query": _OF_MEDIA,
    "undecodable": _OF_MEDIA, "prompts": ("classification",), "text_tokens": ("retrieval",),
    "rerank": ("retrieval",),
}  # fmt: skip
"""Tasks that a field of `Protocol` makes a difference to; those that are not here do to all."""


def heeded_fields(protocol: Protocol, task: str) -> dict[str, Any]:
    """The fields of a protocol; None for those that the task does not heed."""
    return {name: value if _heeds(task, name) else None for name, value in asdict(protocol).items()}


def check_task_heeds(task: str, given: Collection[str], choices: Collection[str]) -> None:
    """Refuse fields that the task does not heed, and prompts beside the choice of prompts.

    Raises:
        UsageError: the message names the options and the tasks that heed them.
    """
    idle = [name for name in given if not _heeds(task, name)]
    if idle:
        fit = "; ".join(f"{option(name)} is for {', '.join(HEEDED_BY[name])}" for name in idle)
        raise UsageError(
            f"vlret bench {task} was given {_options(idle)}, which it does not heed.", f"{fit}: leave it out."
        )
    if "prompts" in given and "prompts" in choices:
        raise UsageError("--prompt and --choice prompts were given together.", "Give one of the two.")


def check_set_heeds(benchmark_set: BenchmarkSet, given: Collection[str]) -> None:
    """Refuse fields that make no difference to this set.

    Raises:
        UsageError: the message names the options and why.
    """
    name = benchmark_set.card.name
    of_time = [field for field in given if field in ("frames", "sampling")]
    if of_time and has_images_alone(benchmark_set):
        raise UsageError(
            f"Given: {_options(of_time)}. All media of {name} are images, which have one frame.",
            "Leave out what is for videos.",
        )
    asked = isinstance(benchmark_set, VqaSet) and all(question.text for question in benchmark_set.questions)
    if "query" in given and asked:
        raise UsageError(
            f"--query was given, but the questions of {name} themselves are the queries.",
            "It is for sets of videos or images, and for questions without a text: leave it out.",
        )


def check_vectors_heed(given: Collection[str]) -> None:
    """Refuse fields that say how to look at media and texts where only vectors made elsewhere are scored.

    Raises:
        UsageError: the message names the options.
    """
    idle = [name for name in given if name in HEEDED_BY and name != "rerank"]
    if idle:
        raise UsageError(
            f"Given: {_options(idle)}. Vectors made elsewhere are taken as they are.",
            "Leave out what is for models, or add one with --model.",
        )


def check_models_heed(given: Collection[str], takes_query: bool) -> None:
    """Refuse a query that no model takes.

    Raises:
        UsageError: it is such a query.
    """
    if "query" in given and not takes_query:
        raise UsageError(
            "--query was given, but none of the models has a predictor to ask.",
            "Leave it out, or add a VL-JEPA with --model.",
        )


def has_images_alone(benchmark_set: BenchmarkSet) -> bool:
    """Whether all media of a set are images by their names."""
    media = media_of(benchmark_set)
    return bool(media) and all(PurePath(one.files[0]).suffix.lower() in IMAGE_SUFFIXES for one in media)


def _heeds(task: str, name: str) -> bool:
    return task in HEEDED_BY.get(name, (task,))


def _options(names: Collection[str]) -> str:
    return ", ".join(map(option, names))


def option(name: str) -> str:
    """The command line's option for a field of `Protocol`."""
    return "--prompt" if name == "prompts" else f"--{name.replace('_', '-')}"
