"""What of a dataset is missing on this machine, and whether it may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from vlret.datasets.base import Media, SetCard
from vlret.datasets.files import DatasetError
from vlret.errors import MediaError, UsageError
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.tasks.base import Task

N_NAMED = 5


def files_of(media: Iterable[Media]) -> list[str]:
    """The files of media by their usual names, each once: parts of one video share it."""
    return list(dict.fromkeys(one.files[0] for one in media))


def some_of(files: Sequence[str]) -> str:
    """The first `N_NAMED`."""
    return f"{', '.join(files[:N_NAMED])}{', ...' * (len(files) > N_NAMED)}"


def require_whole(card: SetCard, allow_missing: bool) -> None:
    """Refuse a dataset of which only some of the annotations are here, unless that is allowed.

    Raises:
        DatasetError: it is such a dataset; the message says what of it is here.
    """
    trimmed = card.choices.get("trimmed")
    if trimmed and not allow_missing:
        raise DatasetError(
            f"The annotations of {card.name} are incomplete: {trimmed}.",
            f"Get the original files: {card.source}. Or allow missing data, which is recorded with every figure.",
            code="annotations_incomplete",
            dataset=card.name,
            source=card.source,
        )


def present(task: Task[Any], data: Path | None, protocol: Protocol) -> tuple[Task[Any], list[str]]:
    """The task with the media that lie below `data`, and the ids of those that do not.

    Raises:
        MediaError: media are missing and the protocol does not allow it; the message names some, `files` all.
        UsageError: the dataset has media and no directory is given.
    """
    from vlret.datasets.registry import missing_media

    if data is None and task.media:
        raise UsageError(
            f"{task.card.name} needs its media.",
            "Give their directory.",
            code="no_media_directory",
            dataset=task.card.name,
        )
    missing = missing_media(task.media, data) if data is not None else []
    if missing and not protocol.allow_missing:
        raise _missing(task, data, files_of(missing))
    ids = [one.id for one in missing]
    return task.without(set(ids)), ids


def _missing(task: Task[Any], data: Path | None, files: list[str]) -> MediaError:
    card, n_all = task.card, len(files_of(task.media))
    return MediaError(
        f"{len(files)} of {n_all} files of {card.name} are not in {data}: {some_of(files)}.",
        f"Get them: {card.source}. Or allow missing media, which is recorded with every figure.",
        code="dataset_media_missing",
        files=files,
        dataset=card.name,
        source=card.source,
    )
