"""The columns that a condition may name in every index; docs/filters.md says what they hold."""

from __future__ import annotations

COLUMNS = (
    "path", "name", "start", "end", "duration", "size", "modified", "taken", "width", "height", "codec", "fps",
)  # fmt: skip
