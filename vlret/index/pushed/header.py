"""What a database says of the index that was pushed into it: the small file `index.json`."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from vlret.errors import DatabaseError
from vlret.index.backends.database import Database
from vlret.index.json_fields import from_fields, parse_json
from vlret.index.manifest import NAMES
from vlret.text import printable

NAME = "index.json"
MANIFEST = "manifest.json"
_FORMAT, _VERSION = "vlret-pushed-index", 1
_COLUMNS = re.compile(r"view/[0-9a-f]{16}\.columns")
_FORMS = (re.compile(re.escape(MANIFEST)), _COLUMNS, *NAMES.values())
_MOST_BYTES = 2**36


@dataclass(frozen=True, slots=True)
class PushedFile:
    """One file of the index, of which a database keeps the pieces: `name` below the index's folder, SHA-256 (hex)."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Header:
    """What readers of a pushed index look at first; it is replaced as a whole.

    Attributes:
        id: the id of the index.
        revision: that of the index as it was pushed.
        files: its manifest, the columns of its clips, and its small tables.
        effort: of the database's searches; 0: they are exact.
        recall_at_10: as measured at this effort.
        n_changed: clips that were written or removed since it was measured.
        writing: of a push that is not finished, what its rows are made of (`rows_state`); "": it is finished.
        rewriting: that push also replaces rows of the revision before.
    """

    id: str
    revision: int = 0
    files: tuple[PushedFile, ...] = ()
    effort: int = 0
    recall_at_10: float = 1.0
    n_changed: int = 0
    writing: str = ""
    rewriting: bool = False

    def __post_init__(self) -> None:
        names = [file.name for file in self.files]
        if not re.fullmatch("[0-9a-f]{32}", self.id) or len({*names}) != len(names):
            raise ValueError("it has no id of an index, or names a file twice")
        for file in self.files:
            if not any(form.fullmatch(file.name) for form in _FORMS):
                raise ValueError(f"{printable(file.name)[:60]!r} is not the name of an index file")
            if not re.fullmatch("[0-9a-f]{64}", file.sha256):
                raise ValueError(f"the checksum of {file.name} is not 64 hex digits")
        if (
            not 0 <= self.effort < 2**31
            or not 0 <= self.recall_at_10 <= 1
            or sum(f.bytes for f in self.files) > _MOST_BYTES
        ):
            raise ValueError("it holds numbers that cannot be")
        if self.files and MANIFEST not in names:
            raise ValueError(f"it has no {MANIFEST}")

    @property
    def is_finished(self) -> bool:
        """Whether some push has come to its end, so that the index can be opened."""
        return bool(self.files)

    @property
    def content(self) -> str:
        """A hash of the files: 32 hex digits."""
        lines = "\n".join(f"{file.name} {file.bytes} {file.sha256}" for file in self.files)
        return hashlib.sha256(lines.encode()).hexdigest()[:32]

    def to_bytes(self) -> bytes:
        """The file's content."""
        return json.dumps({"format": _FORMAT, "version": _VERSION, **asdict(self)}, indent=1).encode()


def read_header(database: Database) -> Header | None:
    """The header in a database; None: there is none.

    Raises:
        DatabaseError: it is damaged, or was written by a newer vlret.
    """
    data = database.read_files({NAME}).get(NAME)
    if data is None:
        return None
    try:
        values = parse_json(data)
        _check_format(values, database.address)
        return from_fields(Header, values)
    except ValueError as error:
        raise damaged(database.address, f"{NAME}: {error}") from error


def _check_format(values: Any, address: str) -> None:
    if (
        not isinstance(values, dict)
        or values.get("format") != _FORMAT
        or type(values.get("version")) is not int
    ):
        raise ValueError(f'it has no "format": "{_FORMAT}"')
    if values["version"] > _VERSION:
        raise DatabaseError(
            f"The index in {printable(address)} was pushed by a newer vlret.",
            "Update this one: pip install --upgrade vlret", code="newer_format", address=address,
        )  # fmt: skip


def damaged(address: str, what: str) -> DatabaseError:
    """The error that says what of a pushed index is damaged."""
    return DatabaseError(
        f"The index in {printable(address)} is damaged: {printable(what).rstrip('.')}.",
        "Push it again into another table.", code="index_damaged", address=address,
    )  # fmt: skip
