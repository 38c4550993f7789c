"""A user's own media as a benchmark set: captions or labels in a CSV, or a folder for each class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from vlret.datasets.assemble import classification, retrieval
from vlret.datasets.base import ClassificationSet, Media, RetrievalSet, SetCard
from vlret.datasets.files import DatasetError, parse_rows, read_table, seconds_of, span_of, text_of
from vlret.media.sources import MEDIA_SUFFIXES


def read_captions(file: Path) -> RetrievalSet:
    """`path, caption[, start, end]`: rows with the same path and times are captions of one clip.

    Paths are relative to the data folder, or absolute; `start` and `end` are seconds, empty ones mean all.

    Raises:
        DatasetError: the file is missing or damaged; the message names file and row.
    """
    captioned = _read(file, "caption")
    return retrieval(_card(file.stem, "retrieval", file.name, "R@1"), captioned)


def read_labels(file: Path) -> ClassificationSet:
    """`path, label[, start, end]`: rows with the same path and times are labels of one clip; classes are sorted."""
    labelled = _read(file, "label", ", or a folder with a folder for each class")
    classes = sorted({label for _, label in labelled})
    card = _card(file.stem, "classification", file.name, "top-1")
    return classification(card, [(medium, classes.index(label)) for medium, label in labelled], classes)


def read_folder(data: Path) -> ClassificationSet:
    """A folder with a folder of media for each class, whose name is the label (`_` stands for a blank)."""
    folders = sorted(path for path in data.iterdir() if path.is_dir()) if data.is_dir() else []
    found = {
        folder: [f for f in sorted(folder.rglob("*")) if f.suffix.lower() in MEDIA_SUFFIXES]
        for folder in folders
    }
    classes = [folder for folder, files in found.items() if files and not folder.name.startswith(".")]
    if not classes:
        raise DatasetError(
            f"{data} has no folder with media in it.", "Give a folder with a folder for each class."
        )
    names = [
        (file.relative_to(data).as_posix(), number) for number, c in enumerate(classes) for file in found[c]
    ]
    card = _card(data.resolve().name, "classification", "folders", "top-1")
    rows = [(Media(name, (name,)), number) for name, number in names]
    return classification(card, rows, [folder.name.replace("_", " ") for folder in classes])


def _card(name: str, task: Literal["retrieval", "classification"], file: str, metric: str) -> SetCard:
    return SetCard(
        name=name, title=name, task=task, split="all", licence="the user's own", source="the user's own",
        annotations=(file,), metric=metric, prompts=("{}",) if task == "classification" else (),
    )  # fmt: skip


def _read(file: Path, column: str, else_: str = "") -> list[tuple[Media, str]]:
    """The medium and the text in `column` of each row; errors say what to do to whoever wrote the file."""
    form = f"a CSV in UTF-8, divided by commas, with the columns path, {column}"
    if not file.exists() or file.is_dir():
        raise DatasetError(f"There is no file {file}.", f"Give {form}{else_}.")
    try:
        rows = read_table(file, ("path", column), strict=True)
    except DatasetError as error:
        raise DatasetError(error.message, f"Save it as {form}.") from error
    if not rows:
        raise DatasetError(f"{file} has a header and no rows.", f"Write a row for each {column}.")
    try:
        return parse_rows(file, rows, lambda row: (_medium(row), text_of(row[column])))
    except DatasetError as error:
        raise DatasetError(error.message, "Correct the row.") from error


def _medium(row: Mapping[Any, Any]) -> Media:
    if any(row.get(None, ())):  # where DictReader puts what is too much
        raise ValueError("it has more cells than the header; put a text with commas in quotation marks")
    path, start, end = row["path"], row.get("start") or "0", row.get("end")
    if not path:
        raise ValueError("the path is empty")
    if not end:
        begin = seconds_of(start)
        return Media(path if begin == 0 else f"{path} from {begin:g} s", (path,), begin)
    span = span_of(start, end)
    return Media(f"{path} from {span[0]:g} to {span[1]:g} s", (path,), *span)
