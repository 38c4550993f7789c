"""The address of an index in a database, such as `lancedb:DIR#clips`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vlret.errors import UsageError
from vlret.text import without_credentials

KINDS = ("lancedb", "qdrant", "postgresql")
DEFAULT_TABLE = "clips"
_KIND = re.compile(r"(lancedb|qdrant|postgresql|postgres):(?=\S)")
_TABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,47}")


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed address.

    Attributes:
        kind: one of `KINDS`.
        location: what the database's library takes: a directory or URL; a password may be in it.
        table: the name of the table (collection).
    """

    kind: str
    location: str
    table: str

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"

    @property
    def shown(self) -> str:
        """The address for messages and results, without a password."""
        place = self.location if self.kind == "postgresql" else f"{self.kind}:{self.location}"
        return without_passwords(place) + (f"#{self.table}" if self.table != DEFAULT_TABLE else "")


def is_database(text: object) -> bool:
    """Whether `text` is meant as the address of a database."""
    return isinstance(text, str) and _KIND.match(text) is not None


def require_no_address(folder: str | Path) -> None:
    """Check that an index that is to be changed is in a folder.

    Raises:
        UsageError: `folder` is the address of a database.
    """
    if is_database(str(folder)):
        whole = re.sub(
            r"\b(postgres|postgresql|https?|s3|gs):/+", r"\1://", str(folder)
        )  # a Path loses a slash
        shown = without_credentials(whole)
        raise UsageError(
            f"{shown} is an index in a database, which is only read there.",
            "Change the index in its directory, and push it again.",
            code="index_in_database", given=shown,
        )  # fmt: skip


def parse_address(text: str) -> Address:
    """The parts of an address.

    Raises:
        UsageError: it is none, or names no place or no valid table.
    """
    found = _KIND.match(text) if isinstance(text, str) else None
    text = str(text)
    place, mark, table = text.rpartition("#")
    place, table = (place, table) if mark else (text, DEFAULT_TABLE)
    if found is None or not place[found.end() :].strip("/"):
        raise UsageError(
            f"{without_credentials(text)!r} is no address of a database.",
            "Give lancedb:DIR, qdrant:http://HOST:6333, qdrant:DIR or postgresql://HOST/NAME.",
            code="bad_address", given=without_credentials(text),
        )  # fmt: skip
    if "@" in table:
        raise UsageError(
            "An address holds # before its last @.", "Write # in a password as %23, or set PGPASSWORD.",
            code="bad_address",
        )  # fmt: skip
    if not _TABLE.fullmatch(table):
        raise UsageError(
            f"{without_credentials(table)!r} is no name of a table.",
            "Write # and up to 48 letters, digits and _ at the end of the address, a letter first.",
            code="bad_table_name", given=without_credentials(table),
        )  # fmt: skip
    kind = "postgresql" if found[1] == "postgres" else found[1]
    rest = place[found.end() :]
    return Address(kind, f"postgresql:{rest}" if kind == "postgresql" else rest, table)


def without_passwords(address: str) -> str:
    """The same address without passwords: the user stays, what follows `?` goes."""
    address = re.sub(r"(://[^/\s?:@]*):\S*@", r"\1@", address)
    return re.sub(r"(://[^\s?]*)\?\S*", r"\1", address)
