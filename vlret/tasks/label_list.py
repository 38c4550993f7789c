"""Reads label sets: a comma-separated list, or a file that contains a list or a table."""

from __future__ import annotations

import csv
import logging
import re
from collections.abc import Sequence
from pathlib import Path

from vlret.errors import UsageError
from vlret.tables import (
    LINE_SUFFIXES,
    SEPARATORS,
    TABLE_SUFFIXES,
    Table,
    normalize_heading,
    parse_separated,
    read_table,
)
from vlret.text import is_utf8_text, printable, short_repr
from vlret.text_file import read_text, split_lines

log = logging.getLogger(__name__)

_NAMES = (
    "label", "labels", "label name", "label names", "name", "names", "class", "classes", "class name",
    "class names", "classname", "classnames", "category", "categories", "category name", "display name", "id2label",
    "action", "tag", "tags",
)  # fmt: skip
_IDS = ("id", "index", "class id", "label id", "wnid")
"""Headings of columns that do not hold labels."""
_ID = re.compile(r"-?\d+|n\d{8}|/[mgt]/\w+")
"""A number, or an identifier of WordNet or Google's knowledge graph."""
_SUFFIXES = LINE_SUFFIXES - {""} | TABLE_SUFFIXES
_EXAMPLE = "Give one or more labels, such as 'cat,dog,car'."
_NOT_LABELS = {
    r"[\[{].*|.*[\]}]": ("looks like JSON or YAML.", "Name the file .json or .yaml."),
    r"[-*•] .*": ("begins with a list marker.", "Write the names only, or name the file .yaml."),
    r"(['\"]).*\1,?|.+,": (
        "looks like source code.",
        "Write the names only, or a JSON list in a .json file.",
    ),
    r"n\d{8}\s.*": ("begins with a WordNet identifier.", "Write the names only."),
}
"""Patterns that labels do not match: what they look like, and what to do."""


def read_labels(file_or_list: str, column: str | None = None) -> list[str]:
    """The labels of a file, or of a text with commas; in their order, empty ones left out.

    A text file has one label per line; lines that begin with `#` are comments. A .csv, .tsv, .json, .jsonl or
    .yaml contains a list of labels, a table or a mapping from numbers to labels (`vlret.tables.read_table`). In a
    table the column `label`, `name`, `class` or similar is used, or the only one that does not hold numbers. If the
    rows of a table share labels (one row per video), each label is returned once.

    Args:
        column: heading of the column, or its number from 1.

    Raises:
        UsageError: the file is missing or cannot be parsed, it is unclear which column holds the labels, or there
            are no labels.
    """
    path = Path(file_or_list)
    if file_or_list and _exists(path):
        found = _from_file(path, column)
    elif path.suffix.lower() in _SUFFIXES:
        raise UsageError(
            f"{printable(path)} does not exist.",
            "Give a file of labels, or 'cat,dog,car'.",
            code="file_missing",
            path=path,
        )
    else:
        found = _from_line(file_or_list)
    labels = [_checked(label) for label in found if label.strip()]
    if not labels:
        raise UsageError(
            f"{short_repr(file_or_list)} contains no labels.", _EXAMPLE, code="no_labels", given=file_or_list
        )
    if len(labels) < len(found):
        log.warning("%d of %d labels are empty and were ignored.", len(found) - len(labels), len(found))
    return labels


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a list of names may not be a valid file name: too long, or with a NUL
        return False


def _from_line(text: str) -> list[str]:
    """Parse `cat,dog`, quoted as in a CSV; or the lines of a text."""
    if "\n" in text.strip():
        return _from_lines("the list", [line for _, line in split_lines(text)])
    if text.lstrip().startswith(("[", "{")):
        _check_form("The list", text.strip())
    try:
        labels = next(csv.reader([text.strip()], skipinitialspace=True, strict=True), [])
    except csv.Error as error:
        raise UsageError(
            f"{short_repr(text)} is not a list of labels ({error}).", _EXAMPLE, code="not_labels", given=text
        ) from error
    if len(labels) == 1 and re.search(r"[;|\t]", labels[0]):
        raise UsageError(
            f"{short_repr(text)} contains no comma.",
            "Separate labels by commas: 'cat,dog,car'.",
            code="not_labels",
            given=text,
        )
    for label in labels:
        _check_form("The list", label.strip())
    return [label for label in labels if label.strip()]


def _from_file(path: Path, column: str | None) -> list[str]:
    if path.suffix.lower() not in LINE_SUFFIXES:
        return _from_table(read_table(path, (*_NAMES, *_IDS), column), column)
    text = read_text(path)
    lines = [line for _, line in split_lines(text)]
    if column is not None or _are_cells(lines):
        return _from_table(parse_separated(path, text, (*_NAMES, *_IDS), column), column)
    return _from_lines(printable(path), lines)


def _from_lines(name: str, lines: Sequence[str]) -> list[str]:
    lines = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) == 1:
        return _from_line(lines[0])
    for line in lines[:1]:
        _check_form(name, line)
    if _are_numbered(lines):
        raise UsageError(
            f"The lines of {name} are numbered: {short_repr(lines[0])}.",
            "Write the names only; if the numbers belong to them, write a JSON list in a .json file.",
            code="not_labels",
            given=lines[0],
        )
    if lines and normalize_heading(lines[0].rstrip(":")) in _NAMES:
        log.warning("The first line of %s, %r, is read as its heading.", name, lines[0])
        return lines[1:]
    return lines


def _are_cells(lines: Sequence[str]) -> bool:
    """Whether each line, of two or more, contains the same number of separators."""
    counts = [[line.count(separator) for separator in SEPARATORS] for line in lines if line.strip()]
    return len(counts) > 1 and any(min(column) == max(column) > 0 for column in zip(*counts, strict=True))


def _are_numbered(lines: Sequence[str]) -> bool:
    """Whether numbers from 0 or 1, in any order, precede or follow names that are distinct without them."""
    words = [line.split() for line in lines]
    if min(map(len, words), default=0) < 2:
        return False
    n = len(lines)
    for number, name in ((0, slice(1, None)), (-1, slice(-1))):
        numbers = {word[number].rstrip(".:)") for word in words}
        names = {
            tuple(word[name]) for word in words
        }  # in "player 1" and "player 2" the number belongs to the name
        if numbers in (set(map(str, range(n))), set(map(str, range(1, n + 1)))) and 2 * len(names) > n:
            return True
    return False


def _from_table(table: Table, column: str | None) -> list[str]:
    if not table.rows:
        return []
    texts = table.texts(_label_column(table) if column is None else table.column(column))
    distinct = list(dict.fromkeys(texts))
    if table.width > 1 and 2 * len(distinct) < len(texts):
        log.warning("%s has %d distinct labels in %d rows.", printable(table.path), len(distinct), len(texts))
        return distinct
    return texts


def _label_column(table: Table) -> int:
    """Return the column whose heading means labels, else the only one that holds names."""
    headings = [normalize_heading(name) for name in table.heading] or [""] * table.width
    texts = [i for i, name in enumerate(headings) if name not in _IDS and not _are_ids(table, i)]
    found = [i for i in texts if headings[i] in _NAMES] or texts
    if len(found) == 1 or table.width == 1:
        return found[0] if found else 0
    raise UsageError(
        f"{printable(table.path)} has {table.columns}.",
        "Name the one that holds the labels by its heading, or by its number from 1 (column=...).",
        code="ambiguous_label_column",
        path=table.path,
    )


def _are_ids(table: Table, column: int) -> bool:
    return all(_ID.fullmatch(str(row.cells[column] or 0).strip()) for row in table.rows)


def _check_form(name: str, label: str) -> None:
    """Refuse what is not a label but a line of a file in another format."""
    for pattern, (reason, hint) in _NOT_LABELS.items():
        if re.fullmatch(pattern, label):
            raise UsageError(
                f"{name} cannot be parsed: {short_repr(label)} {reason}", hint, code="not_labels", given=label
            )


def _checked(label: str) -> str:
    """Return the label on one line."""
    if not is_utf8_text(label):
        raise UsageError(
            f"The label {short_repr(label)} is not valid text.",
            "Write it in UTF-8.",
            code="not_utf8",
            given=label,
        )
    return re.sub(r"[ \t]*[\r\n]+[ \t]*", " ", label.strip())
