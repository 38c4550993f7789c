"""Numbers as people write them: 1k, 10M, 24G."""

from __future__ import annotations

import re

from vlret.errors import UsageError

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


def size_of(word: str) -> int:
    """The number of `word`, such as 1k or 1.5M.

    Raises:
        UsageError: it is not written like that, or 0.
    """
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kMG]?)", word.strip())
    size = round(float(match[1]) * _UNITS[match[2]]) if match else 0
    if size < 1:
        raise UsageError(
            f"{word!r} is no number such as 1k, 10M or 24G.", "Write it like that.",
            code="bad_size", given=word,
        )  # fmt: skip
    return size


def shown(n_bytes: float) -> str:
    """Bytes with three digits, such as 71.2 GB."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 999.5:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:,.3g} TB"


def shown_s(seconds: float) -> str:
    """Seconds with two or three digits, in the unit that fits."""
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        if seconds >= 2 * length or (unit == "s" and seconds >= 0.1):
            return f"{seconds / length:.3g} {unit}"
    return f"{1000 * seconds:.2g} ms"
