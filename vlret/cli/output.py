"""What a command prints: results on stdout, everything else on stderr.

Text for people goes through `show` and `say`, which escape control characters: file names and texts of others may
contain any. JSON is exact; its own escapes make it safe.
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

from vlret.text import printable, without_credentials

if TYPE_CHECKING:
    from vlret.types import SkippedFile

SCHEMA = 1
"""Version of the JSON documents."""


def print_json(document: dict[str, Any], indent: int | None = 2) -> None:
    """Print one JSON document on stdout, "schema" first, paths as strings; `indent=None`: on one line (JSONL)."""
    print(json.dumps({"schema": SCHEMA, **document}, indent=indent, allow_nan=False, default=str), flush=True)


def show(line: str) -> None:
    """Print one line of a result on stdout, control characters escaped."""
    print(printable(line))


def show_lines(text: object) -> None:
    """Print a table or a report on stdout, control characters escaped."""
    for line in str(text).split("\n"):
        show(line)


def print_text(text: str) -> None:
    """Print whole lines: exact for programs that read them, escaped on a terminal."""
    lines = text.split("\n")
    print("\n".join(map(printable, lines)) if sys.stdout.isatty() else text, end="", flush=True)


def show_paths(paths: Iterable[str], null: bool = False) -> None:
    """Print one path per line: exact for programs that read them, escaped on a terminal.

    With `null` each ends with NUL instead: file names may contain line ends.
    """
    for path in paths:
        print(printable(path) if sys.stdout.isatty() else path, end="\0" if null else "\n")


def say(message: str) -> None:
    """Print one line for the user on stderr, which may be closed."""
    with suppress(OSError):
        print(f"vlret: {_one_line(message)}", file=sys.stderr, flush=True)


def say_error(message: str) -> None:
    """Print the one line of an error."""
    say(f"error: {message}")


def say_files(what: str, files: Sequence[SkippedFile]) -> None:
    """Print one line for each file: what happened to it, and why."""
    for file in files:
        say(f"{what} {file.path}: {file.reason}")


def set_up_streams(debug: bool) -> None:
    """Send warnings of vlret to stderr, one line each; those of other libraries only with `debug`."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        # A file name may contain bytes that the terminal's encoding does not have.
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
    """Return bytes as MB or kB."""
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:.0f} kB"


def length(seconds: float) -> str:
    """Return a length of time as hours, minutes or seconds."""
    if seconds >= 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.0f} s"


def existing(path: Path) -> str:
    """Return a file just written as messages show it, with its size."""
    return f"{path} ({path.stat().st_size / 1e3:.0f} kB)"


def _open_closed_streams() -> None:
    """Open streams closed by `>&-` on /dev/null: the next open file would get their number, and the output."""
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
    return printable(without_credentials(re.sub(r"\s*\n\s*", " ", text.strip())))
