"""The errors that every database has; none of them shows a password."""

from __future__ import annotations

from vlret.errors import DatabaseError
from vlret.index.backends.address import Address
from vlret.text import printable, without_credentials

_MOST_CHARACTERS = 300


def no_table(address: Address) -> DatabaseError:
    """There is no such table."""
    return DatabaseError(
        f"{printable(address.shown)} has no table {address.table}.", "Push an index there first.",
        code="no_table", address=address.shown,
    )  # fmt: skip


def other_dim(address: Address, found: int, wanted: int | None) -> DatabaseError:
    """The table was not made by vlret, or for vectors of another length."""
    holds = f"vectors of {found} numbers, not {wanted}" if found and wanted else "other columns than an index"
    return DatabaseError(
        f"The table {address.table} of {printable(address.shown)} holds {holds}.",
        "Give the table another name with # at the end of the address.",
        code="other_dim", address=address.shown, found=found, wanted=wanted,
    )  # fmt: skip


def clips_missing(address: str) -> DatabaseError:
    """Clips are asked for that are not there."""
    return DatabaseError(
        f"Clips that the index names are not in {printable(address)}: it has changed.", "Open it again.",
        code="clips_missing", address=address,
    )  # fmt: skip


def refused(address: str, error: Exception, hint: str = "") -> DatabaseError:
    """The database cannot be reached, or refuses; the message is the first line of its own."""
    lines = without_credentials(str(error)).strip().splitlines() or [type(error).__name__]
    if "No space left" in str(error):
        hint = "Free some space on the disk; the same command then goes on."
    return DatabaseError(
        f"{printable(address)}: {printable(lines[0])[:_MOST_CHARACTERS].rstrip('.')}.",
        hint or "Check that the database is there and lets you in.",
        code="database_refused", address=address,
    )  # fmt: skip
