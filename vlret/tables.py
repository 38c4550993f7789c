"""Reads lists and tables from text files: TXT, CSV, TSV, JSON, JSON Lines and YAML."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlret.errors import UsageError
from vlret.json_yaml import parse_json, parse_yaml
from vlret.text import is_utf8_text, printable, short_repr, without_mark
from vlret.text_file import read_text, split_lines

LINE_SUFFIXES = frozenset(("", ".txt", ".text", ".list", ".lst", ".names"))
SEPARATED_SUFFIXES = frozenset((".csv", ".tsv", ".tab"))
JSON_LINES_SUFFIXES = frozenset((".jsonl", ".ndjson"))
YAML_SUFFIXES = frozenset((".yaml", ".yml"))
TABLE_SUFFIXES = SEPARATED_SUFFIXES | JSON_LINES_SUFFIXES | YAML_SUFFIXES | {".json"}
PATH_HEADINGS = ("path", "video", "image", "file")
"""Headings of the column with the paths of media files, the usual one first."""
SEPARATORS = ",;\t|"
_QUOTES = {
    "unexpected end of data": "a quotation mark that opens here is not closed",
    "',' expected after '\"'": "text follows the closing quotation mark of a cell (write a mark inside it twice)",
}
"""Messages of the csv module in plain words."""


@dataclass(frozen=True, slots=True)
class Row:
    """`place` says where it is in the file ("line 3", "entry 3"); cells are strings, in JSON any values."""

    place: str
    cells: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of equal width; `heading` is empty if neither a first row nor keys name the columns."""

    path: Path
    heading: tuple[str, ...]
    rows: list[Row]

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.rows[0].cells) if self.rows else len(self.heading)

    def column(self, name: str) -> int:
        """Return the index of the column with this heading, or with this number from 1.

        Raises:
            UsageError: there is none.
        """
        headings = [normalize_heading(heading) for heading in self.heading]
        if normalize_heading(name) in headings:
            return headings.index(normalize_heading(name))
        if name.isdecimal() and 1 <= int(name) <= self.width:
            return int(name) - 1
        raise UsageError(
            f"{printable(self.path)} has no column {name!r}: it has {self.columns}.",
            f"Give a heading, or a number from 1 to {self.width}.",
            code="column_missing",
            path=self.path,
            given=name,
        )

    def first_of(self, names: Iterable[str]) -> int | None:
        """Return the index of the first of `names` that is a heading."""
        headings = [normalize_heading(heading) for heading in self.heading]
        known = [normalize_heading(name) for name in names]
        return next((headings.index(name) for name in known if name in headings), None)

    def texts(self, column: int) -> list[str]:
        """Return the cells of a column, in the order of the rows; a missing one is "".

        Raises:
            UsageError: one of them is not a string (a number or a list in JSON).
        """
        return [self._text(row, row.cells[column]) for row in self.rows]

    @property
    def columns(self) -> str:
        """The columns as an error message lists them: their headings, or the first row."""
        if self.heading:
            return f"the columns {', '.join(map(printable, self.heading))}"
        if not self.rows:
            return "no rows"
        first = ", ".join(short_repr(cell) for cell in self.rows[0].cells)
        return f"{self.width} columns without a known heading (first row: {first})"

    def _text(self, row: Row, cell: object) -> str:
        if cell is None:
            return ""
        if is_utf8_text(cell):
            return str(cell)
        raise UsageError(
            f"{printable(self.path)}, {row.place}: {short_repr(cell)} is not a string.",
            "Write strings in quotation marks.",
            code="not_a_string",
            path=self.path,
        )


def read_table(path: Path, headings: Collection[str], column: str | None = None) -> Table:
    """Read the rows of a file; its suffix selects the format.

    A text file has a row of one cell for each line that is not blank. The first row of a CSV or TSV is its
    heading if it contains one of `headings` or `column`; the separator (comma, semicolon, tab or `|`) is detected.
    JSON and YAML hold a list of strings, of lists or of objects, or an object that maps keys to one of these
    (the key is the first cell), or such a value under one of `headings`.

    Args:
        headings: headings that the caller knows, in lower case.
        column: the heading that the user requests, or its number, which is not a heading.

    Raises:
        UsageError: the file is missing, not UTF-8 text, of an unknown type, or not what its suffix says.
    """
    suffix, text = path.suffix.lower(), read_text(path)
    if suffix in LINE_SUFFIXES:
        return Table(path, (), [Row(f"line {n}", (line,)) for n, line in split_lines(text) if line.strip()])
    if suffix in SEPARATED_SUFFIXES:
        return parse_separated(path, text, headings, column)
    if suffix in JSON_LINES_SUFFIXES:
        lines = [(f"line {n}", line) for n, line in split_lines(text) if line.strip()]
        return _from_values(
            path, [(place, parse_json(f"{printable(path)}, {place}", line)) for place, line in lines]
        )
    known = _known(headings, column)
    if suffix in YAML_SUFFIXES:
        return _from_document(path, parse_yaml(printable(path), text), known)
    if suffix == ".json":
        return _from_document(path, parse_json(printable(path), text), known)
    allowed = ", ".join(sorted(LINE_SUFFIXES - {""} | TABLE_SUFFIXES))
    raise UsageError(
        f"{printable(path)} has a file type that is not supported here.",
        f"Save it as one of {allowed}.",
        code="unknown_file_type",
        path=path,
    )


def read_column(path: Path, headings: Sequence[str], column: str | None = None) -> list[str]:
    """Read one column: the one called `column`, else the first of `headings`, else the only one.

    Raises:
        UsageError: as `read_table` and `Table.texts`; or there is no such column.
    """
    table = read_table(path, headings, column)
    found = table.first_of(headings) if column is None else table.column(column)
    if found is None and table.width > 1:
        raise UsageError(
            f"{printable(path)} has {table.columns}.",
            f"Name one of them {', '.join(headings)}.",
            code="column_missing",
            path=path,
        )
    return table.texts(found or 0)


def read_objects(path: Path, headings: Collection[str]) -> Iterator[tuple[str, dict[str, Any] | UsageError]]:
    """Yield (its place, its cells by normalized heading) of each row.

    For a damaged line of JSON Lines its error is yielded, so that the other lines can be used.

    Raises:
        UsageError: as `read_table`, or no heading is known.
    """
    if path.suffix.lower() in JSON_LINES_SUFFIXES:
        yield from _object_lines(read_text(path))
        return
    table = read_table(path, headings)
    if not table.heading:
        raise UsageError(
            f"{printable(path)} has {table.columns}.",
            f"It needs {', '.join(headings)}.",
            code="column_missing",
            path=path,
        )
    names = [normalize_heading(name) for name in table.heading]
    for row in table.rows:
        yield row.place, dict(zip(names, row.cells, strict=True))


def parse_separated(path: Path, text: str, headings: Collection[str], column: str | None = None) -> Table:
    """Parse the text of a CSV or TSV as `read_table` does.

    Raises:
        UsageError: a quotation mark is misplaced, or a row has more cells than the first.
    """
    if text[:4].lower() == "sep=" and text[5:6] in ("\r", "\n"):  # Excel's way to state the separator
        rows = _cells(path, text, text[4])[1:]
    else:
        rows = _cells(path, text, "\t" if path.suffix.lower() in (".tsv", ".tab") else _separator(text))
    for row in rows:
        if len(row.cells) > len(rows[0].cells):
            raise UsageError(
                f"{printable(path)}, {row.place} has {len(row.cells)} cells, "
                f"the first row has {len(rows[0].cells)}: {short_repr(row.cells)}.",
                "Put a cell that contains the separator in quotation marks.",
                code="malformed_table",
                path=path,
            )
    return _with_heading(path, rows, _known(headings, column))


def normalize_heading(heading: str) -> str:
    """Return a heading in lower case with spaces for `_` and `-`: "Class_Name" is "class name"."""
    return heading.strip().lower().replace("_", " ").replace("-", " ")


def _object_lines(text: str) -> Iterator[tuple[str, dict[str, Any] | UsageError]]:
    for number, line in split_lines(text):
        if not line.strip():
            continue
        try:
            value = parse_json("It", line)
        except UsageError as error:
            value = error
        if isinstance(value, dict):
            value = {normalize_heading(name): cell for name, cell in value.items()}
        elif not isinstance(value, UsageError):
            value = UsageError(f"{short_repr(line)} is not a JSON object.", code="not_an_object")
        yield f"line {number}", value


def _known(headings: Collection[str], column: str | None) -> set[str]:
    requested = [] if column is None or column.isdecimal() else [column]
    return {normalize_heading(name) for name in (*headings, *requested)}


def _separator(text: str) -> str:
    """Return the separator that splits the first row into most cells; ties go to the widest row."""

    def n_cells(separator: str) -> tuple[int, int]:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
        try:
            widths = [len(row) for row in rows if row]
        except csv.Error:
            return 0, 0
        return widths[0] if widths else 0, max(widths, default=0)

    return max(SEPARATORS, key=n_cells)


def _cells(path: Path, text: str, separator: str) -> list[Row]:
    """Return the rows that are not blank; blank cells beyond the first row's width are cut, missing ones are ""."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, strict=True,
        skipinitialspace=f'{separator} "' in text,  # else the quotation mark would belong to the cell
    )  # fmt: skip
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            width = len(rows[0].cells) if rows else 0
            while len(cells) > width > 0 and not cells[-1].strip():
                cells.pop()
            if any(cell.strip() for cell in cells):
                texts = map(without_mark, cells)
                rows.append(Row(f"line {line}", (*texts, *[""] * (width - len(cells)))))
            line = reader.line_num + 1
    except csv.Error as error:
        reason = _QUOTES.get(str(error).replace(f"'{separator}'", "','"), str(error))
        raise UsageError(
            f"{printable(path)}, line {line}: {reason}.", "Fix that row.", code="malformed_table", path=path
        ) from error
    return rows


def _with_heading(path: Path, rows: list[Row], known: Collection[str]) -> Table:
    first = rows[0].cells if rows else ()
    if not any(isinstance(cell, str) and normalize_heading(cell) in known for cell in first):
        return Table(path, (), rows)
    heading = tuple(str(cell).strip() for cell in first)
    duplicates = [name for name in heading if name and heading.count(name) > 1]
    if duplicates:
        raise UsageError(
            f"{printable(path)} has two columns {short_repr(duplicates[0])}.",
            "Rename one of them.",
            code="duplicate_column",
            path=path,
        )
    return Table(path, heading, rows[1:])


def _from_document(path: Path, value: object, known: Collection[str]) -> Table:
    if isinstance(value, dict):
        inner = [
            key
            for key, held in value.items()
            if normalize_heading(str(key)) in known and isinstance(held, list | dict)
        ]
        if len(inner) > 1:
            raise UsageError(
                f"{printable(path)} has {', '.join(map(short_repr, inner))}.",
                "Keep one of them.",
                code="ambiguous_key",
                path=path,
            )
        if inner:
            return _from_document(path, value[inner[0]], known)
        pairs = [(f"key {short_repr(key)}", _keyed(key, held)) for key, held in value.items()]
        return _from_values(path, pairs)
    if isinstance(value, list):
        table = _from_values(path, [(f"entry {n}", held) for n, held in enumerate(value, start=1)])
        return _with_heading(path, table.rows, known) if value and isinstance(value[0], list) else table
    raise UsageError(
        f"{printable(path)} contains {short_repr(value)}.",
        "Write a list or an object.",
        code="not_a_list",
        path=path,
    )


def _keyed(key: object, value: object) -> object:
    if isinstance(value, dict):
        return {"": key, **value}
    return [key, *value] if isinstance(value, list) else [key, value]


def _from_values(path: Path, values: Sequence[tuple[str, Any]]) -> Table:
    """Make objects rows with a heading, lists rows without one, other values rows of one cell."""
    kinds = {type(value) if isinstance(value, dict | list) else str for _, value in values}
    if len(kinds) > 1:
        place, value = next(held for held in values if type(held[1]) is not type(values[0][1]))
        raise UsageError(
            f"{printable(path)}, {place}: {short_repr(value)} is not of the same kind as the first entry.",
            code="mixed_entries",
            path=path,
        )
    if kinds == {dict}:
        heading = tuple(dict.fromkeys(name for _, value in values for name in value))
        return Table(path, heading, [Row(place, tuple(map(value.get, heading))) for place, value in values])
    if kinds == {list}:
        width = max(len(value) for _, value in values)
        return Table(
            path, (), [Row(place, (*value, *[None] * (width - len(value)))) for place, value in values]
        )
    return Table(path, (), [Row(place, (value,)) for place, value in values])
