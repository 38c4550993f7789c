"""Formats rows as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from vlret.text import no_formula


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    r"""Return `rows` as CSV whose lines end in `\n`; cells with `\r`, `\n`, a quote or a comma are quoted,
    and a text that a spreadsheet would run as a formula begins with `'`.

    Python's csv (up to 3.12) quotes a lone `\r`, which file names may contain, only if its lines end in one.
    """
    lines: list[str] = []
    csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n").writerows(
        map(no_formula, row) for row in rows
    )
    return "".join(line.removesuffix("\r\n") + "\n" for line in lines)
