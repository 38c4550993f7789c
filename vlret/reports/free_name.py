"""Creates new files with names that are safe on all systems, and never overwrites one."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from vlret.files import temporary_beside, unwritable

_MAX_BYTES = 120  # of 255: leaves room for a time code and a number
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)  # device names on Windows


def safe_stem(name: str) -> str:
    """Return `name` reduced to letters, digits, `_`, `-` and `.`, shortened; "clip" if nothing is left."""
    stem = re.sub(r"[^\w.-]+", "_", name).strip("._-")
    stem = stem.encode(errors="ignore")[:_MAX_BYTES].decode(errors="ignore").strip("._-")
    return f"{stem}_" if _DEVICE.match(stem) else stem or "clip"


def write_new(folder: Path, stem: str, suffix: str, write: Callable[[Path], object]) -> Path:
    """Let `write` fill a new file in `folder` (created if needed): `STEM.SUFFIX`, `STEM_2.SUFFIX`, ...

    `write` gets a temporary name; if it fails, no file is left behind.

    Returns:
        the new file.

    Raises:
        OutputError: it cannot be written (full disk, no permission).
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = _reserved(folder, stem, suffix)
        temporary = temporary_beside(target)
        try:
            write(temporary)
            temporary.replace(target)
        except BaseException:
            for path in (target, temporary):
                with suppress(OSError):
                    path.unlink()
            raise
    except OSError as error:
        raise unwritable(folder, error) from error
    return target


def _reserved(folder: Path, stem: str, suffix: str) -> Path:
    """Create an empty file with the first free name, which reserves it."""
    number = 1
    while True:
        path = folder / (f"{stem}_{number}{suffix}" if number > 1 else f"{stem}{suffix}")
        try:
            path.touch(exist_ok=False)
            return path
        except FileExistsError:
            number += 1
