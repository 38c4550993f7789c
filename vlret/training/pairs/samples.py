"""Samples of several files with one name and different suffixes: a clip, and a text or JSON file with its texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from vlret.media.sources.suffixes import MEDIA_SUFFIXES
from vlret.training.pairs.clip_media import ClipMedia
from vlret.training.pairs.row import TEXTS, Row, row_of

NO_TEXT, NO_MEDIA = "sample without .txt or .json", "sample without a media file"
BAD_JSON, DAMAGED_TAR = "sample whose .json cannot be used", "tar that is damaged from some place on"


class Part(NamedTuple):
    """A file of a sample: `key` is the name that it shares, `suffix` its own, `text` what a text file holds."""

    key: str
    suffix: str
    media: ClipMedia
    text: str | None


def sample_rows(parts: Iterable[Part]) -> Iterator[Row]:
    """Yield a row for each sample, in order of its first file; of two media files in one the first is taken."""
    samples: dict[str, dict[str, Part]] = {}
    for part in parts:
        samples.setdefault(part.key, {}).setdefault(part.suffix, part)
    for sample in samples.values():
        yield _row(sample)


def key_of(name: str) -> tuple[str, str] | None:
    """Return key and suffix of a tar's member as webdataset splits them: at the first dot behind the last slash."""
    found = re.fullmatch(r"((?:.*/|)[^./]+)(\.[^/]*)", name, re.DOTALL)
    return (found[1], found[2].lower()) if found else None


def _row(sample: Mapping[str, Part]) -> Row:
    media = next((part.media for suffix, part in sample.items() if suffix in MEDIA_SUFFIXES), None)
    said = {suffix: sample[suffix].text for suffix in (".txt", ".json") if suffix in sample}
    if media is None:
        return unusable(next(iter(sample.values())).media, NO_MEDIA)
    if not any(text is not None for text in said.values()):
        return unusable(media, NO_TEXT)
    try:
        return row_of(_cells(said), media)
    except (ValueError, RecursionError):
        return unusable(media, BAD_JSON)


def _cells(said: Mapping[str, str | None]) -> dict[str, Any]:
    """Return what the JSON file says, its text taken from the .txt where it has none. Raises ValueError."""
    values = json.loads(said.get(".json") or "{}")
    if not isinstance(values, dict):
        raise ValueError("no JSON object")
    cells = {str(heading).lower(): value for heading, value in values.items()}
    return cells if {*TEXTS} & {*cells} else {**cells, "caption": said.get(".txt") or ""}


def unusable(media: ClipMedia, problem: str) -> Row:
    """Return a row that stands for something that cannot be used, and is counted."""
    return Row(media, "", (), problem)
