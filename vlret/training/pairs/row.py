"""A row of a dataset, and the words for its columns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vlret.text import is_utf8_text, short_repr
from vlret.training.pairs.clip_media import ClipMedia

PATHS = ("path", "video", "image", "file", "file_name", "media", "url")
"""Headings of the column with the media files, the usual one first."""
CAPTIONS = ("captions", "caption", "text")
QUERIES = ("query", "question")
ANSWERS = ("answers", "answer")
SHARD, QUESTIONS = "shard", "qa"
"""Headings of the tar that a media file lies in, and of a list of objects with `question` and `answers`."""
TEXTS = (*CAPTIONS, *ANSWERS, QUESTIONS)
COLUMNS = (*PATHS, *TEXTS, *QUERIES, SHARD, "start", "end", "split")

Pair = tuple[str, str]
"""(query, text); the query is "" where there is none."""


@dataclass(frozen=True, slots=True)
class Row:
    """A clip with its pairs; `split` is "" where the dataset does not say. Blank texts stand in it, too.

    A row without pairs is counted by its `problem`.
    """

    media: ClipMedia
    split: str
    pairs: tuple[Pair, ...]
    problem: str = ""


def row_of(cells: Mapping[str, Any], media: ClipMedia) -> Row:
    """Return the row of a table or of a JSON file beside a clip; `cells` by heading in lower case.

    Raises:
        ValueError: it has no text, a question without an answer, or a value of the wrong type.
    """
    start, end = seconds(cells.get("start"), 0.0), seconds(cells.get("end"), math.inf)
    if not start < end:
        raise ValueError(f"the clip from {start:g} to {end:g} s has no length")
    return Row(replace(media, start=start, end=end), text(cells.get("split")).strip(), pairs_of(cells))


def pairs_of(cells: Mapping[str, Any]) -> tuple[Pair, ...]:
    """Return the pairs of a row: each caption, and the first answer to each question.

    Raises:
        ValueError: there is no text, or an answer without a question.
    """
    captions, answers, query = (first_of(cells, names) for names in (CAPTIONS, ANSWERS, QUERIES))
    questions = cells.get(QUESTIONS)
    if captions is None and answers is None and questions is None:
        raise ValueError(f"it has none of {', '.join(TEXTS)}")
    asked = "" if answers is not None or query is None else text(query)
    pairs = [(asked, caption) for caption in texts(captions if captions is not None else [])]
    if answers is not None:
        pairs.append(_answered(cells))
    return (*pairs, *map(_answered, _objects(questions)))


def _answered(cells: Mapping[str, Any]) -> Pair:
    query, answers = first_of(cells, QUERIES), first_of(cells, ANSWERS)
    if query is None or answers is None:
        raise ValueError("it has an answer without a question, or a question without an answer")
    return text(query), (*texts(answers), "")[0]


def _objects(value: Any) -> list[Mapping[str, Any]]:
    found = [] if value is None else value
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError(f"{short_repr(value)} is not a list of objects")
    return found


def first_of(cells: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """Return the cell of the first of `names` that is a heading; an empty one is "", None: none is."""
    found = next((name for name in names if name in cells), None)
    return None if found is None else ("" if cells[found] is None else cells[found])


def texts(value: Any) -> list[str]:
    """Return a text, or a list of texts, as a list. Raises ValueError."""
    return [text(one) for one in value] if isinstance(value, list) else [text(value)]


def text(value: Any) -> str:
    """Return a text; None gives "". Raises ValueError."""
    if value is None:
        return ""
    if not is_utf8_text(value):
        raise ValueError(f"{short_repr(value)} is not a text")
    return str(value)


def seconds(value: Any, default: float) -> float:
    """Return a number of seconds from 0 on, `default` where there is none. Raises ValueError."""
    if value is None or value == "":
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError(f"{short_repr(value)} is not a number of seconds from 0 on")
    return number
