"""The files of an index folder: each is written whole under another name and then renamed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vlret.errors import IndexFolderError
from vlret.files import is_temporary, replace_file
from vlret.index.manifest import FileEntry, Manifest

MANIFEST = "manifest.json"
SHARDS = "shards"
VIEW = "view"


@dataclass(frozen=True, slots=True)
class Store:
    """Reads and writes the files of the index in `folder`. It takes no lock: writers do."""

    folder: Path

    @property
    def exists(self) -> bool:
        """Whether the folder holds an index."""
        return (self.folder / MANIFEST).is_file()

    def read_manifest(self) -> Manifest:
        """The current manifest.

        Raises:
            IndexFolderError: the folder holds none, or a damaged or newer one.
        """
        path = self.folder / MANIFEST
        try:
            return Manifest.from_json(path.read_text(encoding="utf-8"), path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise IndexFolderError(
                f"{self.folder} holds no index.", "Build one with `vlret index SOURCE --out FOLDER`."
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise IndexFolderError(f"{path} cannot be read: {error}.") from error

    def commit(self, manifest: Manifest) -> None:
        """Make `manifest` the current one; its files must have been written before."""
        replace_file(self.folder / MANIFEST, manifest.to_json().encode())

    def write_table(self, name: str, table: pa.Table) -> FileEntry:
        """Write a Parquet file; it belongs to the index once a committed manifest names it."""
        sink = pa.BufferOutputStream()
        # Vectors are noise: a dictionary of them would only cost time.
        texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
        pq.write_table(table, sink, compression="zstd", use_dictionary=texts)
        data = sink.getvalue().to_pybytes()
        replace_file(self.folder / name, data)
        return FileEntry(name, table.num_rows, len(data), hashlib.sha256(data).hexdigest())

    def read_table(self, entry: FileEntry, columns: Sequence[str] | None = None) -> pa.Table:
        """A Parquet file of the index, all of its columns or some.

        Raises:
            FileNotFoundError: it is gone (a later revision may have replaced it).
            IndexFolderError: it is damaged.
        """
        path = self.folder / entry.name
        try:
            table = pq.read_table(path, columns=columns, partitioning=None)
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException) as error:
            raise damaged(self.folder, entry.name, str(error)) from error
        if table.num_rows != entry.rows:
            raise damaged(self.folder, entry.name, f"{table.num_rows} rows instead of {entry.rows}")
        return table

    def find_damage(self, manifest: Manifest) -> list[str]:
        """One line for each file that is missing or whose checksum differs; reads every byte."""
        return [line for entry in manifest.files if (line := self._damage(entry))]

    def _damage(self, entry: FileEntry) -> str:
        try:
            data = (self.folder / entry.name).read_bytes()
        except OSError as error:
            return f"{entry.name}: {error.strerror}"
        if len(data) != entry.bytes:
            return f"{entry.name}: {len(data)} bytes instead of {entry.bytes}"
        return "" if hashlib.sha256(data).hexdigest() == entry.sha256 else f"{entry.name}: checksum differs"

    def remove(self, entries: Iterable[FileEntry]) -> None:
        """Delete files that the current manifest names no more."""
        for entry in entries:
            (self.folder / entry.name).unlink(missing_ok=True)

    def sweep(self, manifest: Manifest | None) -> None:
        """Delete Parquet and temporary files that the current manifest does not name.

        They are what a killed writer or a replaced revision left. Only for the holder of the lock.
        """
        named = {entry.name for entry in manifest.files} if manifest else set()
        for folder in (self.folder, self.folder / SHARDS, self.folder / VIEW):
            for path in folder.glob("*.parquet"):
                if path.relative_to(self.folder).as_posix() not in named:
                    path.unlink()
            for path in folder.glob(".*"):
                if is_temporary(path.name):
                    path.unlink()


def damaged(folder: Path, name: str, what: str) -> IndexFolderError:
    """The error that says which file of the index is damaged and how."""
    return IndexFolderError(
        f"{name} of the index {folder} is damaged: {what.rstrip('.')}.",
        "Restore it from a copy, or delete the index and build it again.",
    )
