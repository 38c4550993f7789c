"""Custom datasets: a user's table of captions, labels or questions, or a directory with one subdirectory per class."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar
from unicodedata import normalize

from vlret.datasets.assemble import classification, retrieval, vqa
from vlret.datasets.base import ClassificationSet, Media, RetrievalSet, SetCard, SetQuestion, VqaSet
from vlret.datasets.files import DatasetError, seconds_of, span_of, text_of
from vlret.errors import UsageError, VlretError
from vlret.media.sources import find_media, is_excluded
from vlret.tables import PATH_HEADINGS, read_objects
from vlret.tasks.question_file import QuestionLine, read_questions
from vlret.text import printable

T = TypeVar("T")


def read_captions(file: Path) -> RetrievalSet:
    """`path, caption[, start, end]`: rows with the same path and times are captions of one clip.

    The table is read by `vlret.tables.read_objects`. Paths are relative to the data folder, or absolute; `start`
    and `end` are seconds, empty ones mean all.

    Raises:
        DatasetError: the file is missing or damaged; the message names file and line.
    """
    captioned = _read(file, "caption")
    return retrieval(_card(file.stem, "retrieval", file.name, "R@1"), captioned)


def read_annotations(file: Path) -> list[tuple[Media, str]]:
    """`path, text[, start, end]`: what is shown in which part of a video; without an end it is a point in time.

    Raises:
        DatasetError: as `read_captions`.
    """
    return _read(file, "text")


def read_labels(file: Path) -> ClassificationSet:
    """`path, label[, start, end]`: rows with the same path and times are labels of one clip; classes are sorted."""
    labelled = _read(file, "label", ", or a directory with one subdirectory per class")
    classes = {label: number for number, label in enumerate(sorted({label for _, label in labelled}))}
    card = _card(file.stem, "classification", file.name, "top-1")
    return classification(card, [(item, classes[label]) for item, label in labelled], list(classes))


def read_vqa(file: Path) -> VqaSet:
    """`path, question, answers, answer`, as `vlret.tasks.question_file` reads them; `answer` is one of `answers`."""
    form = _form("path, question, answers, answer")
    _require_file(file, form)
    try:
        rows = list(read_questions(file))
    except UsageError as error:
        raise _damaged(error.message, file, f"Save it as {form}.") from error
    questions = _parsed(file, rows, _question)
    if not questions:
        raise _empty(file, "Write one for each question.")
    return vqa(_card(file.stem, "vqa", file.name, "accuracy"), questions)


def read_folder(data: Path) -> ClassificationSet:
    """A directory with one subdirectory of media per class, whose name is the label (`_` stands for a space).

    Files that `vlret index` ignores (hidden, of the system, half-copied) are ignored here, too.
    """
    root = Path(os.path.abspath(data))
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    found = {
        folder: [file.path for file in find_media([folder]).files]
        for folder in folders
        if not is_excluded(folder)
    }
    classes = [folder for folder, files in found.items() if files]
    if not classes:
        raise DatasetError(
            f"{data} has no subdirectory with media in it.",
            "Give a directory with one subdirectory per class.",
            code="custom_dataset_empty",
            path=data,
        )
    names = [
        (file.relative_to(root).as_posix(), number) for number, c in enumerate(classes) for file in found[c]
    ]
    card = _card(root.name, "classification", "folders", "top-1")
    rows = [(Media(name, (name,)), number) for name, number in names]
    return classification(card, rows, [normalize("NFC", folder.name).replace("_", " ") for folder in classes])


def _card(name: str, task: Literal["retrieval", "classification", "vqa"], file: str, metric: str) -> SetCard:
    return SetCard(
        name=name, title=name, task=task, split="all", licence="the user's own", source="the user's own",
        annotations=(file,), metric=metric, prompts=("{}",) if task == "classification" else (),
    )  # fmt: skip


def _read(file: Path, column: str, else_: str = "") -> list[tuple[Media, str]]:
    """The media item and the text in `column` of each row; errors say how to correct the file."""
    form = _form(f"path, {column}")
    _require_file(file, form + else_)
    try:
        rows = list(read_objects(file, (*PATH_HEADINGS, column)))
    except UsageError as error:
        raise _damaged(error.message, file, error.hint or f"Save it as {form}.") from error
    if not rows:
        raise _empty(file, f"Write a row for each {column}.")
    return _parsed(file, rows, lambda row: (_medium(row), normalize("NFC", text_of(row[column]))))


def _form(columns: str) -> str:
    return f"a CSV, TSV, JSON, JSON Lines or YAML file in UTF-8 with {columns}"


def _require_file(file: Path, form: str) -> None:
    if not file.is_file():
        raise DatasetError(
            f"There is no file {printable(file)}.", f"Give {form}.", code="custom_dataset_missing", path=file
        )


def _damaged(message: str, file: Path, hint: str) -> DatasetError:
    return DatasetError(message, hint, code="custom_dataset_damaged", path=file)


def _empty(file: Path, hint: str) -> DatasetError:
    return DatasetError(f"{printable(file)} has no row.", hint, code="custom_dataset_empty", path=file)


def _parsed(file: Path, rows: list[tuple[str, Any]], parse: Callable[[Any], T]) -> list[T]:
    parsed = []
    for place, row in rows:
        try:
            if isinstance(row, VlretError):
                raise row
            parsed.append(parse(row))
        except KeyError as error:
            message = f"{printable(file)}, {place}: {error} is missing, there is {', '.join(row)}."
            raise _damaged(message, file, "Correct the row or the heading.") from error
        except (UsageError, ValueError) as error:
            what = getattr(error, "message", f"{error}.")
            raise _damaged(f"{printable(file)}, {place}: {what}", file, "Correct the row.") from error
    return parsed


def _medium(row: Mapping[str, Any]) -> Media:
    name = next((name for name in PATH_HEADINGS if name in row), "path")
    item = _of_path(row[name])
    start, end = row.get("start") or "0", row.get("end")
    if not end:
        begin = seconds_of(start)
        return replace(item, id=item.id if begin == 0 else f"{item.id} from {begin:g} s", start=begin)
    span = span_of(start, end)
    return Media(f"{item.id} from {span[0]:g} to {span[1]:g} s", item.files, *span)


def _of_path(path: object) -> Media:
    """The media item of a path; two ways to write one path are one item."""
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        raise ValueError(f"{path!r} is not a path")
    return Media(normalize("NFC", os.path.normpath(path)), (path,))


def _question(line: QuestionLine) -> tuple[Media, SetQuestion]:
    if len(set(line.answers)) < max(2, len(line.answers)):
        raise ValueError(f"the answers are {', '.join(line.answers)}: two or more that differ are needed")
    if line.answer not in line.answers:
        raise ValueError(f"the answer {line.answer!r} is not one of {', '.join(line.answers)}")
    return _of_path(line.video), SetQuestion(0, line.question, line.answer, line.answers)
