"""What to do on the command line about an error of the library, by its code.

Errors below `cli/` name no option. `{name}` is filled in from the fields of the error.
"""

from __future__ import annotations

from vlret.errors import VlretError

HINTS: dict[str, str] = {}


def with_options(error: VlretError) -> str:
    """The error in one line, its hint in terms of the command line's options where there is one."""
    hint = HINTS.get(error.code)
    return f"{error.message} {hint.format(**error.fields)}" if hint else str(error)
