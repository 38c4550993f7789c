"""A benchmark set without some of its media, and without what is said of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from vlret.datasets.base import (
    BenchmarkSet,
    ClassificationSet,
    Media,
    RetrievalSet,
    SetCard,
    StateChoice,
    TextSet,
    VqaSet,
)
from vlret.datasets.files import DatasetError
from vlret.errors import MediaError, UsageError
from vlret.evaluation.metrics.ranks import Ints
from vlret.evaluation.results.protocol import Protocol

N_NAMED = 5


def media_of(benchmark_set: BenchmarkSet) -> list[Media]:
    """The media of a set; none for a set of texts."""
    return [] if isinstance(benchmark_set, TextSet) else benchmark_set.media


def source_numbers(media: Sequence[Media]) -> Ints:
    """For each medium the number of its source, int64 [n]: parts of one video have one."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(medium.source, len(numbers)) for medium in media], np.int64)


def files_of(media: Iterable[Media]) -> list[str]:
    """The files of media by their usual names, each once: parts of one video share it."""
    return list(dict.fromkeys(medium.files[0] for medium in media))


def without(benchmark_set: BenchmarkSet, ids: Collection[str]) -> BenchmarkSet:
    """The set without the media of these ids, their texts, labels and questions; the pool shrinks.

    Raises:
        MediaError: nothing is left.
    """
    if not ids or isinstance(benchmark_set, TextSet):
        return benchmark_set
    kept = [i for i, medium in enumerate(benchmark_set.media) if medium.id not in ids]
    new = {old: i for i, old in enumerate(kept)}
    media = [benchmark_set.media[i] for i in kept]
    made: BenchmarkSet
    if isinstance(benchmark_set, RetrievalSet):
        pairs = [
            (t, new[o]) for t, o in zip(benchmark_set.texts, benchmark_set.owner, strict=True) if o in new
        ]
        made = replace(benchmark_set, media=media, texts=[t for t, _ in pairs], owner=[o for _, o in pairs])
    elif isinstance(benchmark_set, ClassificationSet):
        made = replace(benchmark_set, media=media, labels=[benchmark_set.labels[i] for i in kept])
    elif isinstance(benchmark_set, VqaSet):
        questions = [replace(q, medium=new[q.medium]) for q in benchmark_set.questions if q.medium in new]
        made = replace(benchmark_set, media=media, questions=questions)
    else:
        choices = [_renumbered(q, new) for q in benchmark_set.questions if _all_in(q, new)]
        made = replace(benchmark_set, media=media, questions=choices)
    if not media or not getattr(made, "questions", True):
        raise MediaError(f"Nothing of {benchmark_set.card.name} is left to score.", "Check the data folder.")
    return made


def require_whole(card: SetCard, allow_missing: bool) -> None:
    """Refuse a set of which only a part of the annotations is here, unless that is allowed.

    Raises:
        DatasetError: it is such a set; the message says what of it is here.
    """
    trimmed = card.choices.get("trimmed")
    if trimmed and not allow_missing:
        raise DatasetError(
            f"The annotations of {card.name} are not the owner's whole files: {trimmed}.",
            f"Get them: {card.source}. Or run with --allow-missing, which every number then says.",
        )


def present(
    benchmark_set: BenchmarkSet, data: Path | None, protocol: Protocol
) -> tuple[BenchmarkSet, list[str]]:
    """The set with the media that lie below `data`, and the ids of those that do not.

    Raises:
        MediaError: media are missing and the protocol does not allow it; the message names some, `files` all.
        UsageError: the set has media and no folder is given.
    """
    from vlret.datasets.registry import missing_media

    if data is None and media_of(benchmark_set):
        raise UsageError(
            f"The media of {benchmark_set.card.name} are needed.", "Give their folder with --data."
        )
    missing = missing_media(media_of(benchmark_set), data) if data is not None else []
    if missing and not protocol.allow_missing:
        files, all_files = files_of(missing), files_of(media_of(benchmark_set))
        card = benchmark_set.card
        raise MediaError(
            f"{len(files)} of {len(all_files)} files of {card.name} are not in {data}: {some_of(files)}.",
            f"Get them: {card.source}. Or run with --allow-missing, which every number then says.",
            files=files,
        )
    ids = [medium.id for medium in missing]
    return without(benchmark_set, set(ids)), ids


def some_of(files: Sequence[str]) -> str:
    """The first `N_NAMED`."""
    return f"{', '.join(files[:N_NAMED])}{', ...' * (len(files) > N_NAMED)}"


def _all_in(choice: StateChoice, new: dict[int, int]) -> bool:
    return all(number in new for number in (choice.before, choice.after, *choice.clips))


def _renumbered(choice: StateChoice, new: dict[int, int]) -> StateChoice:
    clips = tuple(new[number] for number in choice.clips)
    return replace(choice, before=new[choice.before], after=new[choice.after], clips=clips)
