"""The manifest of an index: its recipe and the files that belong to it."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from vlret.errors import IndexFolderError
from vlret.index.json_fields import from_fields, parse_json
from vlret.models.base import ModelCard
from vlret.remote_path import is_address
from vlret.text import printable

FORMAT = "vlret-index"
FORMAT_VERSION = 1
SHARDS, WINDOWS = "shards", "windows"
FOLDERS = (SHARDS, WINDOWS)
"""Fields with several tables, in a folder of that name."""
TABLES = ("dropped", "skipped", "annotations", "duplicates")
"""Fields with one table or none."""
NAMES = {
    **{form: re.compile(rf"{form}/[0-9]{{6,12}}\.parquet") for form in FOLDERS},
    **{form: re.compile(rf"{form}-[0-9]{{6,12}}\.parquet") for form in TABLES},
}
"""The only names that a manifest gives its tables."""
_LATER = {"id", "annotations", "exclude", "duplicates", "windows", "search_memory"}
"""Fields that manifests of older vlrets do not have."""

# The fields of a model's card that decide its vectors. Its name, directory and revision may change.
_VECTOR_FIELDS = ("weights_hash", "dim", "resolution", "resize", "preprocessing")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One Parquet file of the index: name relative to the folder, rows, bytes and SHA-256 (hex)."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class IndexRecipe:
    """Everything that decides the vectors of an index.

    `model` is the name (or folder) the model is loaded by, `card` what it said of itself, `query` the text
    that went into its predictor, `n_frames` the frames a clip. `engine` is the library that computed the first
    vectors; others of the same `dtype` give equal ones, so that a later run may use another.
    """

    model: str
    card: ModelCard
    query: str
    dtype: str
    clips: str
    n_frames: int
    sampling: str
    decoder: str
    engine: str = "torch"

    def require(self, folder: Path, **requested: object) -> None:
        """Check what a run requests of an existing index against its recipe.

        Raises:
            IndexFolderError: a value differs; the message holds both.
        """
        wrong = [f"{name}={getattr(self, name)!r}, not {value!r}" for name, value in requested.items()
                 if value != getattr(self, name)]  # fmt: skip
        if wrong:
            raise IndexFolderError(
                f"The index {printable(folder)} was built with {'; '.join(wrong)}.",
                "Use the same settings, or another directory for a new index.",
                code="other_recipe",
                path=folder,
                given=requested,
            )

    def require_card(self, folder: str | Path, card: ModelCard) -> None:
        """Check that `card` is that of the model that this index was built with.

        Raises:
            IndexFolderError: it is another's; the message names both and what differs.
        """
        wrong = [f"{name} {getattr(self.card, name)}, not {getattr(card, name)}" for name in _VECTOR_FIELDS
                 if getattr(self.card, name) != getattr(card, name)]  # fmt: skip
        if wrong:
            raise IndexFolderError(
                printable(
                    f"The index {folder} was built with {self.card.name}, not with {card.name}: {'; '.join(wrong)}."
                ),
                f"Use the model of the index, or build a new index with {card.name}.",
                code="other_model",
                path=folder,
                given=card.name,
                allowed=self.card.name,
            )


@dataclass(frozen=True, slots=True)
class Manifest:
    """The state of an index at one moment; replaced as a whole with each commit.

    `id` is drawn once for an index and is stored in each of its Parquet files, too. `revision` counts commits.
    `roots` are the folders that the rows' paths are relative to: a row's `root` is the position here.
    `next_clip_id` and `next_shard` only grow, so that no id and no file name is used twice. `exclude` are patterns
    of the files that index runs leave out. `windows` are the tables of `vlret.index.stored_windows`; None: the index
    stores none. `search_memory` are the bytes that its view may take; None: as many as it needs to be exact, or nearly.
    """

    recipe: IndexRecipe
    created: str
    updated: str
    roots: tuple[str, ...] = ()
    shards: tuple[FileEntry, ...] = ()
    dropped: FileEntry | None = None
    skipped: FileEntry | None = None
    revision: int = 0
    next_clip_id: int = 0
    next_shard: int = 1
    id: str = ""
    annotations: FileEntry | None = None
    exclude: tuple[str, ...] = ()
    duplicates: FileEntry | None = None
    windows: tuple[FileEntry, ...] | None = None
    search_memory: int | None = None

    @classmethod
    def start(cls, recipe: IndexRecipe) -> Manifest:
        """The manifest of an index without rows."""
        return cls(recipe, created=_now(), updated=_now(), id=secrets.token_hex(16))

    def next(self, **changes: Any) -> Manifest:
        """The following revision with these fields changed."""
        return replace(self, **changes, revision=self.revision + 1, updated=_now())

    @property
    def files(self) -> tuple[FileEntry, ...]:
        """All Parquet files that belong to the index."""
        single = (getattr(self, form) for form in TABLES)
        return (*self.shards, *(self.windows or ()), *(entry for entry in single if entry))

    @property
    def n_bytes(self) -> int:
        """What these files take on disk."""
        return sum(entry.bytes for entry in self.files)

    @property
    def rows_key(self) -> str:
        """A hash of what decides the live rows: changes whenever a view of them is out of date."""
        entries = [*self.shards, *([self.dropped] if self.dropped else [])]
        return hashlib.sha256("\n".join(entry.sha256 for entry in entries).encode()).hexdigest()

    def to_json(self) -> str:
        """The text of manifest.json."""
        values = {"format": FORMAT, "version": FORMAT_VERSION, "vlret": _vlret_version(), **asdict(self)}
        values["recipe"]["card"] = self.recipe.card.to_dict()
        values["roots"] = [{"id": number, "path": path} for number, path in enumerate(self.roots)]
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, data: bytes, path: Path) -> Manifest:
        """The manifest back from the bytes of its file; `path` is named in errors.

        Every value is checked: file names are inside the index and have the form that vlret gives them.

        Raises:
            IndexFolderError: it is not a manifest, is damaged, or was written by a newer vlret.
        """
        try:
            values = parse_json(data)
            _check_format(values, path)
            return cls._from_dict(values)
        except ValueError as error:
            raise IndexFolderError(
                f"{printable(path)} is a damaged manifest: {error}.",
                "Restore it from a backup, or build a new index.",
                code="index_damaged",
                path=path,
            ) from error

    @classmethod
    def _from_dict(cls, values: dict[str, Any]) -> Manifest:
        for field in fields(cls):
            if field.name not in values and field.name not in _LATER:
                raise ValueError(f"field {field.name} is missing")
        roots = from_fields(_Roots, values).paths()
        manifest = from_fields(cls, {"id": secrets.token_hex(16), **values, "roots": roots})
        _check_entries(manifest)
        if manifest.recipe.n_frames < 1:
            raise ValueError("field recipe.n_frames is 0")
        return manifest


@dataclass(frozen=True, slots=True)
class _Root:
    id: int
    path: str


@dataclass(frozen=True, slots=True)
class _Roots:
    roots: tuple[_Root, ...]

    def paths(self) -> list[str]:
        """The folders in the order of their ids."""
        ordered = sorted(self.roots, key=lambda root: root.id)
        if [root.id for root in ordered] != list(range(len(ordered))):
            raise ValueError(f"field roots has other ids than 0 to {len(ordered) - 1}")
        for root in ordered:
            if not is_absolute_root(root.path):
                raise ValueError(
                    f"field roots[{root.id}].path is neither absolute nor an address: {printable(root.path)[:60]!r}"
                )
        return [root.path for root in ordered]


def is_absolute_root(path: str) -> bool:
    """Whether a root is an absolute path, on this system or another, or an address."""
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute() or is_address(path)


def _check_format(values: Any, path: Path) -> None:
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ValueError(f'it has no "format": "{FORMAT}"')
    if type(values.get("version")) is not int or values["version"] < 1:
        raise ValueError("field version is not a positive integer")
    if values["version"] > FORMAT_VERSION:
        raise IndexFolderError(
            f"{printable(path)} has format version {values['version']}; this vlret reads up to {FORMAT_VERSION}.",
            "Update it: pip install --upgrade vlret",
            code="newer_format",
            path=path,
        )


def _check_entries(manifest: Manifest) -> None:
    if not re.fullmatch("[0-9a-f]{32}", manifest.id):
        raise ValueError("field id is not 32 hex digits")
    for field in FOLDERS:
        entries = getattr(manifest, field) or ()
        if len({entry.name for entry in entries}) != len(entries):
            raise ValueError(f"field {field} names a file twice")
        for number, entry in enumerate(entries):
            _check_entry(entry, f"{field}[{number}]", NAMES[field])
    for field in TABLES:
        if entry := getattr(manifest, field):
            _check_entry(entry, field, NAMES[field])


def _check_entry(entry: FileEntry, where: str, name: re.Pattern[str]) -> None:
    if not name.fullmatch(entry.name):
        raise ValueError(
            f"field {where}.name is {printable(entry.name)[:60]!r}, which is not the name of an index file"
        )
    if not re.fullmatch("[0-9a-f]{64}", entry.sha256):
        raise ValueError(f"field {where}.sha256 is not 64 hex digits")
    if entry.rows > 4 * entry.bytes:  # a row of the most uniform table takes about one byte
        raise ValueError(f"field {where}.rows is {entry.rows}: more than {entry.bytes} bytes can hold")


def _vlret_version() -> str:
    try:
        return version("vlret")
    except PackageNotFoundError:  # run from a clone that was not installed
        return "unknown"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
