"""The manifest of an index: what made its vectors and which files belong to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from vlret.errors import IndexFolderError
from vlret.models.base import ModelCard

FORMAT = "vlret-index"
FORMAT_VERSION = 1

# What of a model's card decides its vectors. A model may lie elsewhere, under another name or revision.
_VECTOR_FIELDS = ("weights_hash", "dim", "resolution", "resize", "preprocessing")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One Parquet file of the index: name relative to the folder, rows, bytes and SHA-256 (hex)."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the vectors of an index.

    `model` is the name (or folder) the model is loaded by, `card` what it said of itself, `query` the text
    that went into its predictor, `n_frames` the frames a clip.
    """

    model: str
    card: ModelCard
    query: str
    dtype: str
    clips: str
    n_frames: int
    sampling: str
    decoder: str

    def require(self, folder: Path, **asked: object) -> None:
        """Check what is asked of an existing index against its recipe.

        Raises:
            IndexFolderError: a value differs; the message holds both.
        """
        wrong = [f"{name}={getattr(self, name)!r}, not {value!r}" for name, value in asked.items()
                 if value != getattr(self, name)]  # fmt: skip
        if wrong:
            raise IndexFolderError(
                f"The index {folder} was made with {'; '.join(wrong)}.",
                "Give the same again, or another output folder for a new index.",
            )

    def require_card(self, folder: Path, card: ModelCard) -> None:
        """Check that `card` is of the model that made this index.

        Raises:
            IndexFolderError: it is of another; the message holds both names and what differs.
        """
        wrong = [f"{name} {getattr(self.card, name)}, not {getattr(card, name)}" for name in _VECTOR_FIELDS
                 if getattr(self.card, name) != getattr(card, name)]  # fmt: skip
        if wrong:
            raise IndexFolderError(
                f"The index {folder} was made by {self.card.name}, not by {card.name}: {'; '.join(wrong)}.",
                f"Use the index's own model, or build a new index with {card.name}.",
            )


@dataclass(frozen=True, slots=True)
class Manifest:
    """The state of an index at one moment; replaced as a whole with each commit.

    `revision` counts commits. `roots` are the folders that the rows' paths are relative to: a row's `root`
    is the position here. `next_clip_id` and `next_shard` only grow, so that no id and no file name is used
    twice.
    """

    recipe: Recipe
    created: str
    updated: str
    roots: tuple[str, ...] = ()
    shards: tuple[FileEntry, ...] = ()
    dropped: FileEntry | None = None
    skipped: FileEntry | None = None
    revision: int = 0
    next_clip_id: int = 0
    next_shard: int = 1

    @classmethod
    def start(cls, recipe: Recipe) -> Manifest:
        """The manifest of an index without rows."""
        return cls(recipe, created=_now(), updated=_now())

    def next(self, **changes: Any) -> Manifest:
        """The following revision with these fields changed."""
        return replace(self, **changes, revision=self.revision + 1, updated=_now())

    @property
    def files(self) -> tuple[FileEntry, ...]:
        """All Parquet files that belong to the index."""
        return (*self.shards, *(entry for entry in (self.dropped, self.skipped) if entry))

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
    def from_json(cls, text: str, path: Path) -> Manifest:
        """The manifest back from its text; `path` is named in errors.

        Raises:
            IndexFolderError: the text is no manifest, is damaged, or was written by a newer vlret.
        """
        try:
            values = json.loads(text)
            _check_format(values, path)
            return cls._from_dict(values)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise IndexFolderError(
                f"{path} is not a readable manifest ({error}).",
                "Restore it from a copy, or build a new index.",
            ) from error

    @classmethod
    def _from_dict(cls, values: Mapping[str, Any]) -> Manifest:
        known = {field.name: values[field.name] for field in fields(cls)}
        recipe = values["recipe"]
        known["recipe"] = Recipe(**{**recipe, "card": ModelCard.from_dict(recipe["card"])})
        known["roots"] = tuple(root["path"] for root in sorted(values["roots"], key=lambda root: root["id"]))
        known["shards"] = tuple(FileEntry(**entry) for entry in values["shards"])
        for name in ("dropped", "skipped"):
            known[name] = FileEntry(**values[name]) if values[name] else None
        return cls(**known)


def _check_format(values: Mapping[str, Any], path: Path) -> None:
    if values["format"] != FORMAT:
        raise ValueError(f"format {values['format']!r}")
    if values["version"] > FORMAT_VERSION:
        raise IndexFolderError(
            f"{path} has format version {values['version']}; this vlret reads up to {FORMAT_VERSION}.",
            "Update it: pip install --upgrade vlret",
        )


def _vlret_version() -> str:
    try:
        return version("vlret")
    except PackageNotFoundError:  # run from a clone that was not installed
        return "unknown"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
