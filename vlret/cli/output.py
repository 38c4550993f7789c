"""What a command prints: results on stdout, everything else on stderr.

What is made for reading goes through `show` and `say`, which escape control characters: names of files and
texts of strangers may hold any. JSON is exact; its own escapes make it safe.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlret.text import printable

if TYPE_CHECKING:
    from vlret.index.report import SkippedFile

SCHEMA = 1
"""Version of the JSON forms."""


def print_json(document: dict[str, Any], indent: int | None = 2) -> None:
    """One JSON document on stdout, with "schema" first; paths as text; `indent=None` is one line (JSONL)."""
    print(json.dumps({"schema": SCHEMA, **document}, indent=indent, allow_nan=False, default=str), flush=True)


def show(line: str) -> None:
    """One line of a result on stdout, safe to print."""
    print(printable(line))


def show_lines(text: object) -> None:
    """A table or a report on stdout, safe to print."""
    for line in str(text).split("\n"):
        show(line)


def show_paths(paths: Iterable[str], null: bool = False) -> None:
    """A path a line: exact for the program that reads them, safe to print on a terminal.

    With `null` a NUL ends each: a name may hold a line end.
    """
    for path in paths:
        print(printable(path) if sys.stdout.isatty() else path, end="\0" if null else "\n")


def say(message: str) -> None:
    """One line for the person at the terminal, on stderr; nobody may be there to read it."""
    with suppress(OSError):
        print(f"vlret: {_one_line(message)}", file=sys.stderr, flush=True)


def say_error(message: str) -> None:
    """The one line of an error."""
    say(f"error: {message}")


def say_files(what: str, files: Sequence[SkippedFile]) -> None:
    """One line for each file: what befell it, and why."""
    for file in files:
        say(f"{what} {file.path}: {file.reason}")


def set_up_streams(debug: bool) -> None:
    """Warnings of vlret go to stderr a line each; those of the libraries below only with `debug`."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        # A file name may hold bytes that the terminal's encoding does not know.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine())
    logger = logging.getLogger("vlret")
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False  # a library that sets up logging would print each line once more
    if not debug:
        logging.getLogger().setLevel(logging.ERROR)
        warnings.simplefilter("ignore")


def size(n_bytes: int) -> str:
    """Bytes as MB or kB."""
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:.0f} kB"


def existing(path: Path) -> str:
    """A file just written, as told to the person."""
    return f"{path} ({path.stat().st_size / 1e3:.0f} kB)"


def _open_closed_streams() -> None:
    """`>&-` leaves a number free that the next file, a shard perhaps, would get, and prints with it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"vlret: {record.levelname.lower()}: {_one_line(record.getMessage())}"


def _one_line(text: str) -> str:
    return printable(re.sub(r"\s*\n\s*", " ", text.strip()))
