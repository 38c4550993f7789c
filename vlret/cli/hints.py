"""What to do about an error in terms of the command line's options, by the code of the error.

Errors below `cli/` name no option. `{name}` is filled in from the fields of the error.
"""

from __future__ import annotations

from vlret.errors import VlretError

HINTS: dict[str, str] = {
    "ambiguous_label_column": "Give --column with the heading of the one that holds the labels, or its number from 1.",
}


def with_options(error: VlretError) -> str:
    """The message of `error` and what to do; its own hint where `HINTS` has none or a field of it is missing."""
    try:
        return f"{error.message} {HINTS[error.code].format_map(error.fields)}"
    except KeyError:
        return str(error)
