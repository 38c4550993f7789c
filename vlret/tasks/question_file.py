"""A file of questions: rows of video, question and answers in JSON Lines, JSON, YAML, CSV or TSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlret.errors import UsageError, VlretError
from vlret.tables import PATH_HEADINGS, SEPARATED_SUFFIXES, is_text, parse_json, read_objects, shown

_HEADINGS = (*PATH_HEADINGS, "question", "answers", "answer")


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """One question of a file: `video` is as it is written, if it is; `answer` is the true one, if it is given."""

    video: str | None
    question: str
    answers: tuple[str, ...]
    answer: str = ""


def read_questions(path: Path) -> Iterator[tuple[str, QuestionLine | VlretError]]:
    """(its place, such as "line 3"; the question, or what is wrong with it) of each row.

    A row has `question` and `answers`, and may have `video` (or `path`, `image`, `file`) and `answer`. In a CSV or TSV
    the answers are divided by `|`, or written as a JSON list.

    Raises:
        UsageError: the file is not there or cannot be understood as a whole.
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
        answers = _of_cell(answers)
    if not isinstance(answers, list):
        raise UsageError(f"The answers are {shown(answers)}, no list.", _FORM)
    texts = [_text(f"answer {number}", answer) for number, answer in enumerate(answers, start=1)]
    video = next((_text("video", row[name]) for name in PATH_HEADINGS if name in row), None)
    answer = _text("answer", row["answer"]) if row.get("answer") else ""
    return QuestionLine(video, _text("question", row.get("question")), tuple(texts), answer)


def _text(name: str, value: object) -> str:
    if not is_text(value) or not str(value).strip():
        raise UsageError(f"The {name} is {shown(value)}, no text.", _FORM)
    return str(value)


def _of_cell(text: str) -> Any:
    if text.lstrip().startswith("["):
        return parse_json("The answers", text)
    return [answer.strip() for answer in text.split("|")]


_FORM = (
    'Write {"video": "a.mp4", "question": "what is it?", "answers": ["cat", "dog"]}, '
    "or columns video, question, answers with cat|dog."
)
