"""Text from files and file names, made safe to print."""

from __future__ import annotations

import unicodedata
from typing import Any

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format (writing direction too), surrogate, line ends
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def printable(text: object) -> str:
    r"""`text` on one line: control and invisible format characters as escapes, such as `\x1b` or `\n`.

    A file name may hold anything but `/` and NUL: printed as it is, it could move the cursor of a terminal,
    forge a line or turn the direction of writing.
    """
    return "".join(_escaped(character) for character in str(text))


def no_formula(cell: Any) -> Any:
    """`cell` of a CSV, with `'` before a text that a spreadsheet would run as a formula: one with = + - @, tab or CR.

    A file may be called `=HYPERLINK(...)`. Whoever reads the table by a program takes the `'` away again, as
    `without_mark` does.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def without_mark(cell: str) -> str:
    """The text that `no_formula` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN or character in "\u200c\u200d":
        return character  # the joiners belong to words of some languages and to emoji
    return character.encode("unicode_escape").decode()
