"""Text from files and file names: checked, and made safe to print."""

from __future__ import annotations

import re
import reprlib
import unicodedata
from typing import Any

_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 60

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format (writing direction too), surrogate, line ends
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def printable(text: object) -> str:
    r"""Return `text` on one line, with control and invisible format characters escaped, such as `\x1b` or `\n`.

    A file name may hold anything but `/` and NUL: printed unescaped, it could move the cursor of a terminal,
    forge a line or reverse the direction of writing.
    """
    return "".join(_escaped(character) for character in str(text))


def without_credentials(text: str) -> str:
    """Return `text` with what may hold passwords in addresses masked: user, password and query.

    `rtsp://me:secret@camera/live?token=1` becomes `rtsp://***@camera/live?***`. A password may hold `/`, `@` or `?`
    unescaped, so everything up to the last `@` is masked.
    """
    text = re.sub(r"://\S*@", "://***@", text)
    return re.sub(r"(://[^\s?]*)\?\S*", r"\1?***", text)


def count_of(n: int, noun: str) -> str:
    """Return a number with its noun: "1 file", "2 files"."""
    return f"{n} {noun}{'s' * (n != 1)}"


def short_repr(value: object) -> str:
    """Return the repr of `value` for an error message: shortened, on one line, safe to print."""
    return printable(_REPR.repr(value))


def is_utf8_text(value: object) -> bool:
    """Whether `value` is a string that can be encoded as UTF-8: JSON may hold lone surrogates."""
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)


def no_formula(cell: Any) -> Any:
    """Return `cell` of a CSV with `'` before a text that a spreadsheet would run as a formula (= + - @, tab, CR, LF).

    A file may be called `=HYPERLINK(...)`. `without_mark` is the inverse, for programs that read the table.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def without_mark(cell: str) -> str:
    """Return the text that `no_formula` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN or character in "\u200c\u200d":
        return character  # the joiners belong to words of some languages and to emoji
    return character.encode("unicode_escape").decode()
