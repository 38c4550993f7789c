"""Reads a file of questions: rows of video, question and answers in JSON Lines, JSON, YAML, CSV or TSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlret.errors import UsageError, VlretError
from vlret.json_yaml import parse_json
from vlret.tables import PATH_HEADINGS, SEPARATED_SUFFIXES, read_objects
from vlret.text import is_utf8_text, short_repr

_HEADINGS = (*PATH_HEADINGS, "question", "answers", "answer")


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """One question of a file: `video` as written in it (None: not given), `answer` the true one ("": not given)."""

    video: str | None
    question: str
    answers: tuple[str, ...]
    answer: str = ""


def read_questions(path: Path) -> Iterator[tuple[str, QuestionLine | VlretError]]:
    """Yield (its place, such as "line 3"; the question, or the error) of each row.

    A row has `question` and `answers`, and may have `video` (or `path`, `image`, `file`) and `answer`. In a CSV or TSV
    the answers are separated by `|`, or written as a JSON list.

    Raises:
        UsageError: the file does not exist or cannot be parsed at all.
    """
    in_cells = path.suffix.lower() in SEPARATED_SUFFIXES
    for place, row in read_objects(path, _HEADINGS):
        try:
            yield place, row if isinstance(row, UsageError) else _parsed(row, in_cells)
        except UsageError as error:
            yield place, error


def _parsed(row: Mapping[str, Any], in_cells: bool) -> QuestionLine:
    answers = row.get("answers")
    if in_cells and isinstance(answers, str):
        answers = _split_cell(answers)
    if not isinstance(answers, list):
        raise UsageError(
            f"The answers are {short_repr(answers)}, not a list.", _FORM, code="malformed_question"
        )
    texts = [_text(f"answer {number}", answer) for number, answer in enumerate(answers, start=1)]
    video = next((_text("video", row[name]) for name in PATH_HEADINGS if name in row), None)
    answer = _text("answer", row["answer"]) if row.get("answer") else ""
    return QuestionLine(video, _text("question", row.get("question")), tuple(texts), answer)


def _text(name: str, value: object) -> str:
    if not is_utf8_text(value) or not str(value).strip():
        raise UsageError(f"The {name} is {short_repr(value)}, not text.", _FORM, code="malformed_question")
    return str(value)


def _split_cell(text: str) -> Any:
    if text.lstrip().startswith("["):
        return parse_json("The answers", text)
    return [answer.strip() for answer in text.split("|")]


_FORM = (
    'Write {"video": "a.mp4", "question": "what is it?", "answers": ["cat", "dog"]}, '
    "or the columns video, question, answers with cat|dog."
)
