"""The files of an index folder: each is written whole under another name and then renamed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from vlret.errors import IndexFolderError, UsageError
from vlret.files import TEMPORARY, is_temporary, replace_file
from vlret.index.columns_checks import METADATA_NAMES
from vlret.index.manifest import FOLDERS, NAMES, TABLES, FileEntry, Manifest
from vlret.index.plain_files import open_plain, read_plain, require_plain_file, require_plain_folder
from vlret.remote_path import RemotePath, path_of
from vlret.text import printable
from vlret.types import Ids

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"
VIEW = "view"
_MOST_MANIFEST_BYTES = 2**25
VIEW_NAME = r"info\.json|[0-9a-f]{16}\.(faiss|columns|vectors)"
"""What files in `VIEW` are called."""
_OWN_NAMES = rf"manifest\.json|{VIEW_NAME}|(({'|'.join(TABLES)})-)?[0-9]{{6,12}}\.parquet"


@dataclass(frozen=True, slots=True)
class Store:
    """Reads and writes the files of the index in `folder`. It takes no lock: writers do.

    `held` are the bytes of tables by name, which are read from there.
    """

    folder: Path
    held: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Raise `UsageError` for an address: what lies there is no directory with locks and renames."""
        if isinstance(path_of(self.folder), RemotePath):
            raise UsageError(
                f"An index lies on this machine, not at {printable(path_of(self.folder))}.",
                "Give a directory; an index that was copied to an address is copied back first.",
                code="index_at_address", path=path_of(self.folder),
            )  # fmt: skip

    @property
    def exists(self) -> bool:
        """Whether the folder holds a manifest, good or bad."""
        return os.path.lexists(self.folder / MANIFEST)

    def manifest_state(self) -> tuple[int, int, int] | None:
        """What changes with each commit, as the manifest is replaced by another file; None: there is none."""
        try:
            stat = os.lstat(self.folder / MANIFEST)
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def read_manifest(self) -> Manifest:
        """The current manifest, after a look at the folder: nothing that vlret reads or writes there is a link.

        Raises:
            IndexFolderError: the folder holds none, or a damaged or newer one, or a link, a FIFO or a device
                in place of one of its files.
        """
        path = self.folder / MANIFEST
        try:
            self._require_plain_folders()
            manifest = Manifest.from_json(read_plain(path, _MOST_MANIFEST_BYTES), path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise IndexFolderError(
                f"{printable(self.folder)} holds no index.",
                "Build one with vlret.build_index.",
                code="no_index",
                path=self.folder,
            ) from error
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise IndexFolderError(
                f"{printable(path)} cannot be read: {reason}.",
                "Restore it from a backup, or build a new index.",
                code="index_unreadable",
                path=path,
            ) from error
        for entry in manifest.files:
            require_plain_file(self.folder / entry.name)
        return manifest

    def _require_plain_folders(self) -> None:
        for name in (*FOLDERS, VIEW):
            require_plain_folder(self.folder / name)
        for form in ("info.json", "*.faiss", "*.columns", "*.vectors"):
            for path in (self.folder / VIEW).glob(form):
                require_plain_file(path)

    def commit(self, manifest: Manifest) -> None:
        """Make `manifest` the current one; its files must have been written before."""
        replace_file(self.folder / MANIFEST, manifest.to_json().encode())

    def replace(self, before: Manifest, after: Manifest) -> None:
        """Make `after` the current manifest instead of `before`, then delete the files that it names no more."""
        self.commit(after)
        self.remove(set(before.files) - set(after.files))

    def write_table(self, form: str, number: int, table: pa.Table, index_id: str) -> tuple[FileEntry, int]:
        """Write a Parquet file; it belongs to the index once a committed manifest names it.

        Args:
            form: the name's form, a key of `NAMES`.
            number: the number in the name; the next one whose name is free is taken, so that a file that is
                not of this index stays.

        Returns:
            the file, and the number after its own.
        """
        from vlret.index.parquet_file import write_parquet

        while os.path.lexists(self.folder / table_name(form, number)):
            number += 1
        name, data = table_name(form, number), write_parquet(table, index_id)
        replace_file(self.folder / name, data)
        return FileEntry(name, table.num_rows, len(data), hashlib.sha256(data).hexdigest()), number + 1

    def read_table(
        self,
        entry: FileEntry,
        schema: pa.Schema,
        columns: Sequence[str] | None = None,
        optional: Collection[str] = METADATA_NAMES,
        rows: Ids | None = None,
    ) -> pa.Table:
        """A Parquet file of the index that must have the columns of `schema`: all of them, or some.

        Columns of `optional` may hold nulls or be missing, which gives nulls. Of `rows` only the row groups are read
        that hold them; None: all.

        Raises:
            FileNotFoundError: it is gone (a later revision may have replaced it).
            IndexFolderError: it is damaged: of another size, or with other rows, columns or checksums.
        """
        import pyarrow as arrow

        from vlret.parquet_file import read_parquet

        try:
            with self.open(entry) as file:
                _check_size(file, entry)
                if columns is None:  # else the checksums of the pages that are read must do
                    check_digest(file, entry)
                wanted = list(columns or schema.names)
                return read_parquet(file, entry.rows, schema, wanted, optional, rows)
        except FileNotFoundError:
            raise
        except (OSError, ValueError, arrow.ArrowException) as error:
            raise damaged(self.folder, entry.name, str(error)) from error

    def open(self, entry: FileEntry) -> BufferedReader | BytesIO:
        """A Parquet file of the index: from the disk, or the memory where it is held.

        Raises:
            FileNotFoundError: it is gone (a later revision may have replaced it).
            IndexFolderError: it is not a plain file.
        """
        if entry.name in self.held:
            return BytesIO(self.held[entry.name])
        return open_plain(self.folder / entry.name)

    def holding(self, entries: Iterable[FileEntry | None]) -> Store:
        """This store with the bytes of some tables in memory: later revisions may have deleted them when they are read.

        Raises:
            FileNotFoundError, IndexFolderError: as `open`.
        """
        return replace(self, held={entry.name: self.open(entry).read() for entry in entries if entry})

    def require_whole_shards(self, manifest: Manifest) -> None:
        """Check that each shard is there with its size; `find_damage` reads it.

        Raises:
            FileNotFoundError: it is gone (a later revision may have replaced it).
            IndexFolderError: it has another size.
        """
        for entry in manifest.shards:
            n_bytes = (self.folder / entry.name).stat().st_size
            if n_bytes != entry.bytes:
                raise damaged(self.folder, entry.name, f"{n_bytes} bytes instead of {entry.bytes}")

    def find_damage(self, manifest: Manifest) -> list[str]:
        """One line for each file that is missing or whose checksum differs; reads every byte."""
        return [line for entry in manifest.files if (line := self._damage(entry))]

    def _damage(self, entry: FileEntry) -> str:
        try:
            with open_plain(self.folder / entry.name) as file:
                _check_size(file, entry)
                check_digest(file, entry)
        except OSError as error:
            return f"{entry.name}: {error.strerror}"
        except (ValueError, IndexFolderError) as error:
            return f"{entry.name}: {error}"
        return ""

    def remove(self, entries: Iterable[FileEntry]) -> None:
        """Delete files that the current manifest names no more."""
        for entry in entries:
            (self.folder / entry.name).unlink(missing_ok=True)

    def sweep(self, manifest: Manifest) -> None:
        """Delete what a killed writer left: temporary files, and tables of this index that are not in it.

        A table is known by its name and by the index's id inside it: files of the user stay, whatever they are
        called. Only for the holder of the lock.
        """
        named = {entry.name for entry in manifest.files}
        for name in ("", *FOLDERS, VIEW):
            folder = self.folder / name
            for path in folder.iterdir() if folder.is_dir() else ():
                place = path.relative_to(self.folder).as_posix()
                if is_own_temporary(path) or (place not in named and self._is_own_table(place, manifest.id)):
                    path.unlink()

    def _is_own_table(self, name: str, index_id: str) -> bool:
        path = self.folder / name
        if (
            not any(form.fullmatch(name) for form in NAMES.values())
            or not path.is_file()
            or path.is_symlink()
        ):
            return False
        from vlret.index.parquet_file import mark_of

        with open_plain(path) as file:
            return mark_of(file) == index_id


def is_own_temporary(path: Path) -> bool:
    """Whether a killed writer left this: a temporary file for a file that an index has."""
    name = path.name[1 : -len(".0123456789abcdef") - len(TEMPORARY)]
    return is_temporary(path.name) and re.fullmatch(_OWN_NAMES, name) is not None and not path.is_dir()


def table_name(form: str, number: int) -> str:
    """The name of a table below the index folder; `form` is a key of `NAMES`."""
    return f"{form}{'/' if form in FOLDERS else '-'}{number:06d}.parquet"


def _check_size(file: BufferedReader | BytesIO, entry: FileEntry) -> None:
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    if n_bytes != entry.bytes:
        raise ValueError(f"{n_bytes} bytes instead of {entry.bytes}")


def check_digest(file: BufferedReader | BytesIO, entry: FileEntry) -> None:
    """ValueError where the bytes of `file` are not those of `entry`."""
    if hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256:
        raise ValueError("checksum differs")


def compacted(folder: Path) -> IndexFolderError:
    """Return the error about a table that a later revision of the index does not have."""
    return IndexFolderError(
        f"The index {printable(folder)} was compacted, or its shards were joined, after it was opened.",
        "Open it again.",
        code="index_compacted",
        path=folder,
    )


def damaged(folder: Path, name: str, what: str) -> IndexFolderError:
    """Return the error that says which file of the index is damaged and how."""
    reason = printable(" ".join(what.split())).rstrip(".")
    return IndexFolderError(
        f"{name} of the index {printable(folder)} is damaged: {reason}.",
        "Restore it from a backup, or delete the index and build it again.",
        code="index_damaged",
        path=folder / name,
    )
