"""Videos with what is shown in them when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlret.datasets.atomic_descriptions import is_atomic_descriptions, read_atomic_descriptions
from vlret.datasets.base import Media
from vlret.datasets.custom import read_annotations
from vlret.datasets.registry import resolve
from vlret.errors import UsageError
from vlret.evaluation.tasks.missing import some_of
from vlret.media.sources.unicode_names import UnicodeNames


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is shown in [start_s, end_s), said in one or more sentences; without an end at `start_s`."""

    start_s: float
    end_s: float | None
    texts: tuple[str, ...]

    @property
    def time_s(self) -> float:
        """The middle of it."""
        return self.start_s if self.end_s is None else (self.start_s + self.end_s) / 2


@dataclass(frozen=True, slots=True)
class AnnotatedVideo:
    """A video and its annotations in order of time, one at least."""

    name: str
    path: Path
    annotations: tuple[Annotation, ...]

    @property
    def spans(self) -> NDArray[np.float64] | None:
        """Start and end of the annotations in seconds, float64 [n, 2]; None if one of them has no end."""
        ends = [one.end_s for one in self.annotations]
        if None in ends:
            return None
        return np.array([(one.start_s, one.end_s) for one in self.annotations], np.float64)


def read_videos(
    file: Path, folder: Path, allow_missing: bool = False
) -> tuple[list[AnnotatedVideo], list[str]]:
    """The videos that `file` annotates, and the names of those that are not below `folder`.

    Args:
        file: a table `path, start, end, text`, in which rows of the same path and times are several sentences for one
            annotation, or Ego-Exo4D's `atomic_descriptions_val.json`.
        folder: paths are below it, or absolute.
        allow_missing: leave videos out that are not there.

    Raises:
        DatasetError: the file is missing or damaged.
        UsageError: videos are missing and that is not allowed, or all are.
    """
    read = read_atomic_descriptions if is_atomic_descriptions(file) else read_annotations
    by_video: dict[tuple[str, ...], list[tuple[Media, str]]] = defaultdict(list)
    for media, text in read(file):
        by_video[media.files].append((media, text))
    forms = UnicodeNames()
    paths = {files: resolve(rows[0][0], folder, forms) for files, rows in by_video.items()}
    missing = [files[0] for files, path in paths.items() if path is None]
    if missing and (len(missing) == len(paths) or not allow_missing):
        raise UsageError(
            f"{len(missing)} of {len(paths)} annotated videos are not in {folder}: {some_of(missing)}.",
            "Give the directory that the paths are relative to, or allow missing media.",
            code="annotated_videos_missing",
            files=missing,
        )
    found = [
        AnnotatedVideo(files[0], path, _annotations(by_video[files])) for files, path in paths.items() if path
    ]
    return found, missing


def _annotations(rows: Sequence[tuple[Media, str]]) -> tuple[Annotation, ...]:
    texts: dict[tuple[float, float | None], list[str]] = defaultdict(list)
    for media, text in rows:
        texts[media.start, media.end].append(text)
    made = [Annotation(start_s, end_s, tuple(said)) for (start_s, end_s), said in texts.items()]
    return tuple(sorted(made, key=lambda one: one.time_s))
