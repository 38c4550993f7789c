"""CSV and JSON Lines: a row for each clip."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from vlret.reports.csv_text import csv_text
from vlret.reports.exports.clip import ExportClip

_COLUMNS = [column.name for column in fields(ExportClip)]


def csv(clips: Sequence[ExportClip], title: str) -> bytes:
    """Return the clips as CSV with a header; a text that a spreadsheet would run begins with `'`."""
    return csv_text([_COLUMNS, *(list(_row(clip).values()) for clip in clips)]).encode(
        errors="backslashreplace"
    )


def jsonl(clips: Sequence[ExportClip], title: str) -> bytes:
    """Return one JSON object on a line for each clip."""
    return "".join(f"{json.dumps(_row(clip))}\n" for clip in clips).encode()


def _row(clip: ExportClip) -> dict[str, Any]:
    return {name: getattr(clip, name) for name in _COLUMNS} | {"path": str(clip.path)}
