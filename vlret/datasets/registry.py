"""All published datasets by name: their cards, their items, and what of them is missing on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.base import BenchmarkSet, Media, SetCard
from vlret.datasets.files import OR, REBUILT, DatasetError, find, part_of
from vlret.errors import MediaError, UsageError
from vlret.media.sources.unicode_names import UnicodeNames

_MODULES = {
    "msrvtt": "msrvtt", "activitynet": "activitynet", "didemo": "didemo", "msvd": "msvd", "youcook2": "youcook2",
    "pvd": "pvd", "dream1k": "dream1k", "vdc1k": "vdc1k",
    "flickr8k": "photographs:FLICKR8K", "flickr30k": "photographs:FLICKR30K", "coco_karpathy": "photographs:COCO",
    "ssv2": "ssv2", "ek100": "ek100", "ek100_anticipation": "ek100:ANTICIPATION", "egoexo4d": "egoexo4d",
    "kinetics400": "kinetics400", "coin": "coin", "crosstask": "crosstask", "ucf101": "ucf101", "hmdb51": "hmdb51",
    "imagenet": "imagenet",
    "gqa": "gqa", "tallyqa": "tallyqa", "pope": "pope", "repope": "pope:REPOPE", "popev2": "popev2",
    "vitatecs": "vitatecs", "sugarcrepe": "sugarcrepe", "worldprediction": "worldprediction",
    "sugarcrepe_pp": "sugarcrepe:SUGARCREPE_PP", "visla": "visla",
}  # fmt: skip
_COUNTS = ("items", "texts", "classes", "questions")


def names() -> list[str]:
    """Names of all datasets: retrieval, classification, questions, text."""
    return list(_MODULES)


def options(name: str) -> Mapping[str, tuple[str, ...]]:
    """The choices that a dataset leaves open and what is allowed for each, the usual one first."""
    return _adapter(name).options


def card(name: str, /, **choices: str) -> SetCard:
    """The card of a dataset with `choices` made.

    Raises:
        UsageError: there is no such dataset, choice or value; the message names those there are.
    """
    adapter = _adapter(name)
    for choice, value in choices.items():
        allowed = adapter.options.get(choice)
        if allowed is None:
            raise UsageError(
                f"{name} has no choice {choice!r}.",
                f"It has: {', '.join(adapter.options) or 'none'}.",
                code="unknown_choice",
                given=choice,
                allowed=tuple(adapter.options),
            )
        if value not in allowed:
            raise UsageError(
                f"{choice} of {name} was given as {value!r}.",
                f"Allowed: {', '.join(allowed)}.",
                code="unknown_choice_value",
                given=value,
                allowed=allowed,
            )
    return adapter.card(**choices)


def load(name: str, annotations: Path, /, **choices: str) -> BenchmarkSet:
    """Read a dataset from its folder below `annotations`.

    Where only a part of the owner's files is there, or what others rebuilt, it is read, and
    `card.choices["trimmed"]` names it.

    Raises:
        UsageError: there is no such dataset, choice or value.
        DatasetError: annotation files are missing or damaged; the message names file and row.
    """
    made = card(name, **choices)
    folder = _folder(name, annotations)
    if not Path(annotations).is_dir():
        raise DatasetError(
            f"There is no directory {annotations}.",
            "Give the directory with one subdirectory of annotations per dataset.",
            code="annotations_missing",
            path=annotations,
        )
    _require(folder, made)
    found = _adapter(name).read(folder, made)
    trimmed = _parts(folder, made)
    if not trimmed:
        return found
    choices = {**found.card.choices, "trimmed": ", ".join(trimmed.values())}
    return replace(found, card=replace(found.card, choices=choices))


def _require(folder: Path, made: SetCard) -> None:
    """Name all files that are not there, not even trimmed, before anything is read."""
    gone = [entry.replace(OR, " or ") for entry in made.annotations if not _is_here(folder, entry)]
    if gone:
        pickles = [
            f"{file.name} is a pickle, which may run any program, and is not read."
            for file in folder.glob("*.pkl")
        ]
        raise DatasetError(
            f"{folder} has no {'; no '.join(gone)}.",
            " ".join([f"Source: {made.source}.", *pickles]),
            code="annotations_missing",
            path=folder,
        )


def missing_annotations(name: str, annotations: Path, /, **choices: str) -> list[str]:
    """The owner's files that are not whole in the set's folder below `annotations`; `a or b` is either."""
    folder, made = _folder(name, annotations), card(name, **choices)
    parts = _parts(folder, made)
    return [
        entry.replace(OR, " or ")
        for entry in made.annotations
        if entry in parts or not _is_here(folder, entry)
    ]


def resolve(item: Media, data: Path, forms: UnicodeNames | None = None) -> Path | None:
    """The first file of a media item that exists below `data`, or None.

    A name that is not there may be there in another Unicode normal form. `forms` is kept between calls, so that a
    folder is listed once.

    Raises:
        MediaError: two files have that name in normal form, and none exactly.
    """
    for file in item.files:
        if (data / file).is_file():
            return data / file
    forms = forms or UnicodeNames()
    for file in item.files:
        found = [path for path in forms.find(Path(os.path.abspath(data / file))) if path.is_file()]
        if len(found) > 1:
            raise MediaError(
                f"{file} is the name of two files, in different Unicode normal forms.",
                "Rename one of them.",
                code="ambiguous_media_name",
                path=file,
            )
        if found:
            return found[0]
    return None


def missing_media(media: Sequence[Media], data: Path) -> list[Media]:
    """Those of the media that have no file below `data`."""
    forms = UnicodeNames()
    return [item for item in media if resolve(item, data, forms) is None]


def overview(annotations: Path | None) -> list[dict[str, Any]]:
    """One row for each dataset with its usual choices, as `vlret bench datasets --json` prints them.

    `items`, `texts`, `classes` and `questions` are counted from the files in `annotations`; None stands where a
    set has no such thing, or where it cannot be counted. `annotations_found` says that all files are there, the
    owner's, whole and readable; `missing` names those that are not, `trimmed` what is here in their place, and
    `state` is found, trimmed, rebuilt (by others) or missing. `choices` has what is allowed for each, the usual first.
    """
    return [_row(name, annotations) for name in names()]


def _row(name: str, annotations: Path | None) -> dict[str, Any]:
    made = card(name)
    missing = [entry.replace(OR, " or ") for entry in made.annotations]
    trimmed: list[str] = []
    counted: Mapping[str, int] = {}
    if annotations is not None:
        missing = missing_annotations(name, annotations)
        trimmed = list(_parts(_folder(name, annotations), made).values())
        counted, problem = _count(name, annotations)
        missing += [problem] if problem and len(missing) == len(trimmed) else []
    return {
        "name": name, "task": made.task, "split": made.split,
        **{key: counted.get(key) for key in _COUNTS},
        "annotations_found": not missing, "state": _state(missing, trimmed), "missing": missing, "trimmed": trimmed,
        "licence": made.licence, "source": made.source,
        "choices": {choice: list(allowed) for choice, allowed in options(name).items()},
    }  # fmt: skip


def _state(missing: list[str], trimmed: list[str]) -> str:
    """In one word: what is missing has something trimmed or rebuilt in its place, or nothing."""
    if not missing:
        return "found"
    if len(missing) > len(trimmed):
        return "missing"
    return "rebuilt" if any(REBUILT in part for part in trimmed) else "trimmed"


def _count(name: str, annotations: Path) -> tuple[Mapping[str, int], str]:
    adapter = _adapter(name)
    try:
        return load(name, annotations).counts(), ""
    except DatasetError as error:
        problem = error.message
    try:
        return (adapter.count(_folder(name, annotations)) if adapter.count else {}), problem
    except DatasetError:
        return {}, problem


def _parts(folder: Path, made: SetCard) -> dict[str, str]:
    """What is here of each entry of a card of which the owner's whole file is not."""
    parts = {entry: part_of(folder, entry, made.n_files) for entry in made.annotations}
    return {entry: part for entry, part in parts.items() if part}


def _is_here(folder: Path, entry: str) -> bool:
    try:
        return bool(find(folder, entry))
    except DatasetError:
        return False


def _folder(name: str, annotations: Path) -> Path:
    return Path(annotations) / (_adapter(name).folder or name)


def _adapter(name: str) -> Adapter:
    if name not in _MODULES:
        raise UsageError(
            f"There is no dataset {name!r}.",
            f"There are: {', '.join(_MODULES)}.",
            code="unknown_dataset",
            given=name,
            allowed=tuple(_MODULES),
        )
    module, _, attribute = _MODULES[name].partition(":")
    adapter: Adapter = getattr(import_module(f"vlret.datasets.{module}"), attribute or "ADAPTER")
    return adapter
