"""A file of questions: JSON lines {"video", "question", "answers"}."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vlret.errors import UsageError, VlretError


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """One question of a file: `video` is absolute or taken from the file's folder."""

    video: Path
    question: str
    answers: tuple[str, ...]


def read_questions(path: Path) -> Iterator[tuple[int, QuestionLine | VlretError]]:
    """(line number from 1, its question or what is wrong with it) for each line that is not blank.

    Raises:
        UsageError: the file is not there or is not UTF-8.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise UsageError(f"{path} is not there.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, _parsed(line, path.parent)


def _parsed(line: str, folder: Path) -> QuestionLine | VlretError:
    try:
        values = json.loads(line)
        video, question, answers = values["video"], values["question"], values["answers"]
    except ValueError as error:
        return UsageError(f"{_shown(line)} is no JSON ({error}).", _FORM)
    except KeyError as error:
        return UsageError(f"{_shown(line)} has no {error}.", _FORM)
    except TypeError:
        return UsageError(f"{_shown(line)} is no JSON object.", _FORM)
    if not isinstance(answers, list):
        return UsageError(f"The answers of {_shown(line)} are no list.", _FORM)
    if not all(isinstance(text, str) for text in (video, question, *answers)):
        return UsageError(f"{_shown(line)} has something that is no text.", _FORM)
    return QuestionLine(folder / video, question, tuple(answers))


def _shown(line: str) -> str:
    return line if len(line) <= 60 else f"{line[:57]}..."


_FORM = 'Write {"video": "a.mp4", "question": "what is it?", "answers": ["cat", "dog"]}.'
