"""New files in a folder under names that are safe everywhere, and never in place of another file."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from vlret.files import temporary_beside, unwritable

_LONGEST_BYTES = 120  # of 255, to leave room for a time code and a number
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)  # device names on Windows


def safe_stem(name: str) -> str:
    """The beginning of a file name made of letters, digits, `_`, `-` and `.` of `name`; "clip" if none is left."""
    stem = re.sub(r"[^\w.-]+", "_", name).strip("._-")
    stem = stem.encode(errors="ignore")[:_LONGEST_BYTES].decode(errors="ignore").strip("._-")
    return f"{stem}_" if _RESERVED.match(stem) else stem or "clip"


def write_new(folder: Path, stem: str, suffix: str, write: Callable[[Path], object]) -> Path:
    """Let `write` fill a new file in `folder`, which is made: `STEM.SUFFIX`, `STEM_2.SUFFIX`, ...

    `write` gets a temporary name; if it fails, nothing is left.

    Returns:
        the new file.

    Raises:
        OutputError: it cannot be written (full disk, no permission).
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = _held(folder, stem, suffix)
        part = temporary_beside(target)
        try:
            write(part)
            part.replace(target)
        except BaseException:
            for path in (target, part):
                with suppress(OSError):
                    path.unlink()
            raise
    except OSError as error:
        raise unwritable(folder, error) from error
    return target


def _held(folder: Path, stem: str, suffix: str) -> Path:
    """An empty file under the first free name, so that nobody else takes it."""
    number = 1
    while True:
        path = folder / (f"{stem}_{number}{suffix}" if number > 1 else f"{stem}{suffix}")
        try:
            path.touch(exist_ok=False)
            return path
        except FileExistsError:
            number += 1
