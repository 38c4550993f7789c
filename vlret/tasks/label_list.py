"""Label sets as people keep them: a list in a line, a text file, a CSV or JSON list."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

from vlret.errors import UsageError

_COLUMNS = ("label", "name", "class")


def read_labels(file_or_list: str) -> list[str]:
    """The labels of a file, or of a text with commas; in their order, blank lines left out.

    A .txt holds a label a line, a .json a list of texts, a .csv a column `label`, `name` or `class`, or one
    column without a heading.

    Raises:
        UsageError: the file is not there, is not what its suffix says, or holds no label.
    """
    suffix = Path(file_or_list).suffix.lower()
    if os.path.isfile(file_or_list):
        labels = _from_file(Path(file_or_list), suffix)
    elif suffix in (".txt", ".csv", ".json"):
        raise UsageError(f"{file_or_list} is not there.", "Give a file of labels, or 'cat,dog,car'.")
    else:
        labels = file_or_list.split(",")
    labels = [label.strip() for label in labels if label.strip()]
    if not labels:
        raise UsageError(
            f"{file_or_list!r} holds no label.", "Give one label or more, such as 'cat,dog,car'."
        )
    return labels


def _from_file(path: Path, suffix: str) -> list[str]:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from error
    if suffix == ".json":
        return _from_json(path, text)
    return _from_csv(path, text) if suffix == ".csv" else text.splitlines()


def _from_json(path: Path, text: str) -> list[str]:
    try:
        labels = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}.", 'Write ["cat", "dog"].') from error
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise UsageError(f"{path} is not a list of texts.", 'Write ["cat", "dog"].')
    return labels


def _from_csv(path: Path, text: str) -> list[str]:
    rows = [row for row in csv.reader(text.splitlines()) if row]
    heading = [name.strip().lower() for name in rows[0]] if rows else []
    column = next((heading.index(name) for name in _COLUMNS if name in heading), None)
    if column is not None:
        return [row[column] for row in rows[1:] if len(row) > column]
    if any(len(row) != 1 for row in rows):
        raise UsageError(
            f"{path} has several columns and none is named {', '.join(_COLUMNS)}.",
            "Name the one with the labels.",
        )
    return [row[0] for row in rows]
