"""Lists and tables that people write as text: TXT, CSV, TSV, JSON, JSON Lines and YAML."""

from __future__ import annotations

import csv
import io
import json
import re
import reprlib
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vlret.errors import UsageError
from vlret.text import printable, without_mark
from vlret.text_file import read_text, split_lines

LINE_SUFFIXES = frozenset(("", ".txt", ".text", ".list", ".lst", ".names"))
SEPARATED_SUFFIXES = frozenset((".csv", ".tsv", ".tab"))
JSON_LINES_SUFFIXES = frozenset((".jsonl", ".ndjson"))
YAML_SUFFIXES = frozenset((".yaml", ".yml"))
TABLE_SUFFIXES = SEPARATED_SUFFIXES | JSON_LINES_SUFFIXES | YAML_SUFFIXES | {".json"}
PATH_HEADINGS = ("path", "video", "image", "file")
"""Names of the column with the paths of media, the usual one first."""
SEPARATORS = ",;\t|"
_QUOTES = {
    "unexpected end of data": "a quotation mark that opens here is not closed",
    "',' expected after '\"'": "a quoted text goes on after its closing mark (within it, a mark is written twice)",
}
"""What the csv module means."""


@dataclass(frozen=True, slots=True)
class Row:
    """`place` says where it stands ("line 3", "entry 3"); cells are texts, in JSON any values."""

    place: str
    cells: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of equal width; `heading` is empty where neither a first row nor keys name the columns."""

    path: Path
    heading: tuple[str, ...]
    rows: list[Row]

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.rows[0].cells) if self.rows else len(self.heading)

    def column(self, asked: str) -> int:
        """The index of the column with this heading, or with this number from 1.

        Raises:
            UsageError: there is none.
        """
        names = [plain(name) for name in self.heading]
        if plain(asked) in names:
            return names.index(plain(asked))
        if asked.isdecimal() and 1 <= int(asked) <= self.width:
            return int(asked) - 1
        raise UsageError(
            f"{printable(self.path)} has no column {asked!r}: it has {self.columns}.",
            f"Give a heading, or a number from 1 to {self.width}.",
        )

    def first_of(self, names: Iterable[str]) -> int | None:
        """The index of the first of `names` that is a heading."""
        headings = [plain(name) for name in self.heading]
        return next((headings.index(plain(name)) for name in names if plain(name) in headings), None)

    def texts(self, column: int) -> list[str]:
        """The cells of a column, in the order of the rows.

        Raises:
            UsageError: one of them is no text (a number or a list in JSON); an empty one is "".
        """
        return [self._text(row, row.cells[column]) for row in self.rows]

    @property
    def columns(self) -> str:
        """What an error says of the columns: their headings, or the first row."""
        if self.heading:
            return f"the columns {', '.join(map(printable, self.heading))}"
        if not self.rows:
            return "no rows"
        first = ", ".join(shown(cell) for cell in self.rows[0].cells)
        return f"{self.width} columns without headings that are known (first row: {first})"

    def _text(self, row: Row, cell: object) -> str:
        if cell is None:
            return ""
        if is_text(cell):
            return str(cell)
        raise UsageError(
            f"{printable(self.path)}, {row.place}: {shown(cell)} is no text.",
            "Write texts in quotation marks.",
        )


def read_table(path: Path, headings: Collection[str], column: str | None = None) -> Table:
    """The rows of a file, which is read as its suffix says.

    A text file gives a row of one cell for each line that is not blank. The first row of a CSV or TSV is its
    heading if it holds one of `headings` or `column`; the separator (comma, semicolon, tab or `|`) is found out.
    JSON and YAML hold a list of texts, of lists or of objects, or an object that maps keys to one of these
    (the key is the first cell), or such a value under one of `headings`.

    Args:
        headings: names of columns that the caller knows, in small letters.
        column: a heading that the user asks for, or a number, which is no heading.

    Raises:
        UsageError: the file is missing, no UTF-8 text, of another kind, or not what its suffix says.
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
        return _from_document(path, _parse_yaml(path, text), known)
    if suffix == ".json":
        return _from_document(path, parse_json(printable(path), text), known)
    allowed = ", ".join(sorted(LINE_SUFFIXES - {""} | TABLE_SUFFIXES))
    raise UsageError(
        f"{printable(path)} is of a kind that is not read here.", f"Save it as one of {allowed}."
    )


def read_column(path: Path, headings: Sequence[str], column: str | None = None) -> list[str]:
    """The texts of one column: that called `column`, else the first of `headings`, else the only one.

    Raises:
        UsageError: as `read_table` and `Table.texts`; or there is no such column.
    """
    table = read_table(path, headings, column)
    found = table.first_of(headings) if column is None else table.column(column)
    if found is None and table.width > 1:
        raise UsageError(
            f"{printable(path)} has {table.columns}.", f"Name one of them {', '.join(headings)}."
        )
    return table.texts(found or 0)


def read_objects(path: Path, headings: Collection[str]) -> Iterator[tuple[str, dict[str, Any] | UsageError]]:
    """(its place, its cells by the `plain` heading of their columns) of each row.

    A damaged line of JSON Lines is an error in its place, so that the others may be used.

    Raises:
        UsageError: as `read_table`, or no heading is known.
    """
    if path.suffix.lower() in JSON_LINES_SUFFIXES:
        yield from _object_lines(read_text(path))
        return
    table = read_table(path, headings)
    if not table.heading:
        raise UsageError(f"{printable(path)} has {table.columns}.", f"It needs {', '.join(headings)}.")
    names = [plain(name) for name in table.heading]
    for row in table.rows:
        yield row.place, dict(zip(names, row.cells, strict=True))


def parse_separated(path: Path, text: str, headings: Collection[str], column: str | None = None) -> Table:
    """The table in the text of a CSV or TSV, as `read_table` reads it.

    Raises:
        UsageError: a quotation mark is out of place, or a row has more cells than the first.
    """
    if text[:4].lower() == "sep=" and text[5:6] in ("\r", "\n"):  # how Excel is told the separator
        rows = _cells(path, text, text[4])[1:]
    else:
        rows = _cells(path, text, "\t" if path.suffix.lower() in (".tsv", ".tab") else _separator(text))
    for row in rows:
        if len(row.cells) > len(rows[0].cells):
            raise UsageError(
                f"{printable(path)}, {row.place} has {len(row.cells)} cells, "
                f"the first row has {len(rows[0].cells)}: {shown(row.cells)}.",
                "Put a text that holds the separator in quotation marks.",
            )
    return _with_heading(path, rows, _known(headings, column))


def is_text(value: object) -> bool:
    """Whether it is a text that can be written as UTF-8: JSON may hold half a character."""
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)


def plain(heading: str) -> str:
    """A heading in small letters, `_` and `-` made blanks: "Class_Name" is "class name"."""
    return heading.strip().lower().replace("_", " ").replace("-", " ")


def shown(value: object) -> str:
    """A value as an error shows it: short, on one line."""
    return printable(_SHORT.repr(value))


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


def _object_lines(text: str) -> Iterator[tuple[str, dict[str, Any] | UsageError]]:
    for number, line in split_lines(text):
        if not line.strip():
            continue
        try:
            value = parse_json("It", line)
        except UsageError as error:
            value = error
        if isinstance(value, dict):
            value = {plain(name): cell for name, cell in value.items()}
        elif not isinstance(value, UsageError):
            value = UsageError(f"{shown(line)} is no JSON object.")
        yield f"line {number}", value


def parse_json(where: str, text: str) -> Any:
    """The value of a JSON text; `where` begins the error.

    Raises:
        UsageError: it is not JSON, or an object has a key twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        hint = "JSON Lines, a value on each line, go in a .jsonl." if "Extra data" in str(error) else ""
        raise UsageError(f"{where} is not JSON ({printable(error)}): {shown(text)}.", hint) from error


def _known(headings: Collection[str], column: str | None) -> set[str]:
    asked = [] if column is None or column.isdecimal() else [column]
    return {plain(name) for name in (*headings, *asked)}


def _separator(text: str) -> str:
    """The one that cuts the first row into most cells; if it is one cell with each, any other row."""

    def n_cells(separator: str) -> tuple[int, int]:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
        try:
            widths = [len(row) for row in rows if row]
        except csv.Error:
            return 0, 0
        return widths[0] if widths else 0, max(widths, default=0)

    return max(SEPARATORS, key=n_cells)


def _cells(path: Path, text: str, separator: str) -> list[Row]:
    """The rows that are not blank; blank cells beyond the first row's width are cut, missing ones are ""."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, strict=True,
        skipinitialspace=f'{separator} "' in text,  # else the quotation mark would be one of the text's
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
        what = _QUOTES.get(str(error).replace(f"'{separator}'", "','"), str(error))
        raise UsageError(f"{printable(path)}, line {line}: {what}.", "Correct the row.") from error
    return rows


def _with_heading(path: Path, rows: list[Row], known: Collection[str]) -> Table:
    first = rows[0].cells if rows else ()
    if not any(isinstance(cell, str) and plain(cell) in known for cell in first):
        return Table(path, (), rows)
    heading = tuple(str(cell).strip() for cell in first)
    twice = [name for name in heading if name and heading.count(name) > 1]
    if twice:
        raise UsageError(f"{printable(path)} has two columns {shown(twice[0])}.", "Rename one of them.")
    return Table(path, heading, rows[1:])


def _from_document(path: Path, value: object, known: Collection[str]) -> Table:
    if isinstance(value, dict):
        inner = [
            key for key, held in value.items() if plain(str(key)) in known and isinstance(held, list | dict)
        ]
        if len(inner) > 1:
            raise UsageError(f"{printable(path)} has {', '.join(map(shown, inner))}.", "Keep one of them.")
        if inner:
            return _from_document(path, value[inner[0]], known)
        pairs = [(f"key {shown(key)}", _keyed(key, held)) for key, held in value.items()]
        return _from_values(path, pairs)
    if isinstance(value, list):
        table = _from_values(path, [(f"entry {n}", held) for n, held in enumerate(value, start=1)])
        return _with_heading(path, table.rows, known) if value and isinstance(value[0], list) else table
    raise UsageError(f"{printable(path)} holds {shown(value)}.", "Write a list or an object.")


def _keyed(key: object, value: object) -> object:
    if isinstance(value, dict):
        return {"": key, **value}
    return [key, *value] if isinstance(value, list) else [key, value]


def _from_values(path: Path, values: Sequence[tuple[str, Any]]) -> Table:
    """Objects become rows with a heading, lists rows without one, other values rows of one cell."""
    kinds = {type(value) if isinstance(value, dict | list) else str for _, value in values}
    if len(kinds) > 1:
        place, value = next(held for held in values if type(held[1]) is not type(values[0][1]))
        raise UsageError(f"{printable(path)}, {place}: {shown(value)} is not like the first entry.")
    if kinds == {dict}:
        heading = tuple(dict.fromkeys(name for _, value in values for name in value))
        return Table(path, heading, [Row(place, tuple(map(value.get, heading))) for place, value in values])
    if kinds == {list}:
        width = max(len(value) for _, value in values)
        return Table(
            path, (), [Row(place, (*value, *[None] * (width - len(value)))) for place, value in values]
        )
    return Table(path, (), [Row(place, (value,)) for place, value in values])


def _object(pairs: Sequence[tuple[Any, Any]]) -> dict[Any, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice")
    return made


class _Loader(yaml.BaseLoader):  # type: ignore[misc]
    """Makes lists, objects and texts only: `no` and `1` stay as they are written.

    Aliases are refused: a few nested ones stand for more entries than memory holds.
    """

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(
                None, None, "write the entry again in place of an alias (*)", mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        construct: Callable[..., Any] = self.construct_object
        return _object([(construct(key, True), construct(value, True)) for key, value in node.value])


def _parse_yaml(path: Path, text: str) -> object:
    try:
        return yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        what = " ".join(str(error).split())
        raise UsageError(f"{printable(path)} is not YAML: {printable(what)}.") from error
