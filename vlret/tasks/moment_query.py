"""A query from the index: `holiday.mp4@1:23` is what that video shows at that time."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from vlret.errors import UsageError
from vlret.index.index import Index
from vlret.media.sources import MEDIA_SUFFIXES
from vlret.models.inputs import ordered
from vlret.remote_path import absolute_path
from vlret.tasks.query_vector import Query, Weighted
from vlret.text import printable
from vlret.types import Clip, Ids, QueryVector

_FORM = re.compile(r"(?P<name>.+)@(?:(?:(?P<hours>\d+):)?(?P<minutes>\d+):)?(?P<seconds>\d+(?:\.\d+)?)")

_AROUND_S = 1.0


def with_moments(
    index: Index, query: Query, plus: Sequence[Weighted], minus: Sequence[Weighted]
) -> tuple[Query, list[Weighted], list[Weighted]]:
    """A query and what is added to it and subtracted from it, each text that names a moment replaced by it.

    Raises:
        UsageError: as `moment_of`; also a list that is none.
    """
    parts = ([_found(index, item) for item in ordered(items, "queries")] for items in (plus, minus))
    return (_found(index, query), *parts)


def _found(index: Index, item: Any) -> Any:
    if isinstance(item, tuple) and len(item) == 2:
        return _found(index, item[0]), item[1]
    return (moment_of(index, item) if isinstance(item, str) else None) or item


def moment_of(index: Index, query: str) -> QueryVector | Clip | None:
    """What `query` shows if it is of the form NAME@TIME, else None: it is a sentence or the name of a file.

    Args:
        index: NAME is the end of the path of one of its files (`holiday.mp4`, `2024/holiday.mp4`), or a path.
        query: TIME is in seconds, MINUTES:SECONDS or HOURS:MINUTES:SECONDS from the first frame shown.

    Returns:
        the clip of `index` that covers that time (of several the one whose middle is nearest), by its vector; of a
        file that is not in it, the two seconds around that time, to be decoded.

    Raises:
        UsageError: several files of the index have that name, it has none and none is on the disk, or the file
            ends before that time.
    """
    form = _FORM.fullmatch(query)
    if form is None or os.path.exists(query):
        return None
    stored = stored_moment(index, query)
    if stored is not None:
        return stored
    name, time_s = form["name"], _seconds(form)
    if os.path.isfile(name):
        return Clip(Path(name), max(0.0, time_s - _AROUND_S), time_s + _AROUND_S)
    if PurePath(name).suffix.lower() in MEDIA_SUFFIXES:
        raise UsageError(
            printable(f"{name} is neither in {index.place} nor on this disk."),
            "Give the end of a path that a search shows, or the path of a video.",
            code="file_not_in_index", given=name,
        )  # fmt: skip
    return None


def stored_moment(index: Index, query: str) -> QueryVector | None:
    """What `query` shows if it names a file of `index` and a time, else None; nothing is looked for on the disk.

    Raises:
        UsageError: several files of the index have that name, or the file ends before that time.
    """
    form = _FORM.fullmatch(query)
    if form is None:
        return None
    name, time_s = form["name"], _seconds(form)
    files = _files(index.file_paths, name)
    if len(files) > 1:
        raise UsageError(
            printable(f"{len(files)} files of {index.place} are called {name}: {', '.join(files[:3])}."),
            "Give more of the path.",
            code="ambiguous_file", given=name, files=files,
        )  # fmt: skip
    if files:
        return _stored(index, index.clips_at(files[0]), name, time_s)
    return None


def _seconds(form: re.Match[str]) -> float:
    return 3600 * int(form["hours"] or 0) + 60 * int(form["minutes"] or 0) + float(form["seconds"])


def _files(paths: Sequence[str], name: str) -> list[str]:
    """The files whose path is `name` or ends with it after a separator."""
    absolute, end = str(absolute_path(os.path.expanduser(name))), os.sep + os.path.normpath(name)
    return [path for path in dict.fromkeys(paths) if path == absolute or path.endswith(end)]


def _stored(index: Index, clips: Ids, name: str, time_s: float) -> QueryVector:
    starts, ends = index.columns.starts[clips], index.columns.ends[clips]
    if time_s > ends.max():
        raise UsageError(
            printable(f"{name} ends at {ends.max():.1f} s, before {time_s:g} s."),
            "Give a time within it.",
            code="moment_past_end", given=time_s, end=float(ends.max()),
        )  # fmt: skip
    is_outside = (time_s < starts) | (time_s >= ends)
    nearest = int(np.lexsort([np.abs((starts + ends) / 2 - time_s), is_outside])[0])
    return QueryVector(index.vector(int(index.clip_ids[clips[nearest]])))
