"""The dataset of a request: a published one by its name, or a custom one from a user's own table."""

from __future__ import annotations

from pathlib import Path

from vlret.datasets import registry
from vlret.datasets.base import BenchmarkSet, SetCard
from vlret.errors import UsageError
from vlret.evaluation.inputs.request import BenchRequest
from vlret.evaluation.tasks.missing import require_whole

_CUSTOM_OF = {"retrieval": "captions", "classification": "labels", "vqa": "questions"}
"""The field of a request with a custom dataset, by task."""


def load_dataset(request: BenchRequest) -> BenchmarkSet:
    """The dataset that is requested.

    Raises:
        UsageError: none or several are named, it is for another task, or a choice does not apply.
        DatasetError: annotation files are missing or damaged.
    """
    _require_one(request)
    if request.dataset is not None:
        return _published(request.dataset, request)
    if request.choices or request.annotations:
        raise UsageError(
            "A custom dataset has no choices and no annotation files.",
            "Remove the choices and the annotations.",
            code="custom_dataset_choices",
        )
    found = _custom(request)
    _require_task(found.card.task, str(request.custom), request)
    return found


def _require_one(request: BenchRequest) -> None:
    given = [name for name in ("dataset", *_CUSTOM_OF.values()) if getattr(request, name) is not None]
    if len(given) == 1:
        return
    custom = _CUSTOM_OF.get(request.task)
    raise UsageError(
        f"Several datasets were given: {', '.join(given)}." if given else "No dataset was given.",
        f"Give the name of one{f', or a file of {custom}' if custom else ''}.",
        code="not_one_dataset" if custom else "no_dataset_name",
        given=given,
        custom=custom,
    )


def _published(name: str, request: BenchRequest) -> BenchmarkSet:
    card = registry.card(name, **request.choices)
    _require_task(card.task, name, request)
    _require_choices_apply(card, request)
    found = registry.load(name, _annotations(request), **request.choices)
    require_whole(found.card, request.protocol.get("allow_missing", False))
    return found


def _custom(request: BenchRequest) -> BenchmarkSet:
    from vlret.datasets.custom import read_captions, read_folder, read_labels, read_vqa

    if request.captions is not None:
        return read_captions(request.captions)
    if request.questions is not None:
        return read_vqa(request.questions)
    labels = request.labels or Path()
    return read_folder(labels) if labels.is_dir() else read_labels(labels)


def _annotations(request: BenchRequest) -> Path:
    """The directory that is given, else `annotations` below that of the media."""
    if request.annotations is not None:
        return request.annotations
    default = request.data / "annotations" if request.data else None
    if default and default.is_dir():
        return default
    tried = f", and {default} is not a directory" if default else ""
    raise UsageError(
        f"The annotations of the dataset are needed{tried}.",
        "Give their directory, or that of the media with annotations/ in it.",
        code="no_annotations",
    )


def _require_task(task: str, name: str, request: BenchRequest) -> None:
    if task != request.task:
        raise UsageError(
            f"{name} is a dataset for {task}, not for {request.task}.",
            f"Request the task {task}.",
            code="wrong_task",
            task=task,
        )


def _require_choices_apply(card: SetCard, request: BenchRequest) -> None:
    """Refuse choices that another choice makes meaningless, such as the steps of a dataset of tasks."""
    unused = [name for name in request.choices if name not in card.choices]
    if unused:
        apply = [name for name in registry.options(card.name) if name in card.choices]
        others = ", ".join(f"{name}={card.choices[name]}" for name in apply)
        raise UsageError(
            f"{', '.join(unused)} of {card.name} {'do' if unused[1:] else 'does'} not apply with {others}.",
            f"Those that apply: {', '.join(apply)}.",
            code="choice_not_applicable",
            given=unused,
            allowed=apply,
        )
