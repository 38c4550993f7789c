"""Files on this machine and at addresses (s3://, gs://, https://) behind one set of calls, by fsspec."""

from __future__ import annotations

import gzip
import os
import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from typing import Any, BinaryIO, cast

from vlret.errors import MissingExtraError, UsageError, VlretError
from vlret.text import printable, without_credentials

PACKAGES = {
    "https": "aiohttp", "http": "aiohttp", "s3": "vlret[s3]", "gs": "vlret[gcs]", "gcs": "vlret[gcs]", "az": "adlfs",
    "abfs": "adlfs", "hf": "huggingface_hub", "memory": "fsspec",
}  # fmt: skip
"""Which addresses are read, and what pip installs for them."""


def is_url(location: str) -> bool:
    """Whether a location is an address and not a path of this machine."""
    return "://" in location


def shown(location: str) -> str:
    """Return a location as a message names it: on one line, without passwords and tokens."""
    return printable(without_credentials(location))


def joined(folder: str, name: str) -> str:
    """Return the location that `name`, written in a file of `folder`, stands for.

    Raises:
        UsageError: an address of an unknown kind, or a path of this machine named by a file that is not on it.
    """
    if is_url(name):
        return _checked(name)
    if is_url(folder):
        if os.path.isabs(name):
            raise UsageError(
                f"{shown(name)} is a path of this machine, named by a file at {shown(folder)}.",
                "Name media by addresses, or by paths below the file that names them.",
                code="local_path_in_remote_table",
                given=name,
            )
        protocol, _, path = folder.partition("://")
        return f"{protocol}://{posixpath.normpath(posixpath.join(path, name))}"
    return os.path.abspath(os.path.join(folder, name))


def folder_of(location: str) -> str:
    """Return the directory of a file."""
    return posixpath.dirname(location.partition("?")[0]) if is_url(location) else os.path.dirname(location)


def file_system(location: str) -> tuple[Any, str]:
    """Return the fsspec file system of a location, and its path in it.

    Raises:
        UsageError: an address of an unknown kind.
        MissingExtraError: the package for this kind of address is not installed.
    """
    from fsspec.core import url_to_fs
    from fsspec.implementations.local import LocalFileSystem

    if not is_url(location):
        return LocalFileSystem(), location
    try:
        return cast(tuple[Any, str], url_to_fs(_checked(location), use_listings_cache=False))
    except ImportError as error:
        protocol = location.partition("://")[0]
        raise MissingExtraError(
            f"Addresses that begin with {protocol}:// need a package that is not installed.",
            f"Run: pip install '{PACKAGES[protocol]}'",
            code="missing_package",
            package=PACKAGES[protocol],
        ) from error


@contextmanager
def reading(location: str) -> Iterator[None]:
    """Make errors of the storage of a dataset `UsageError`s; what they say may hold a token, and is not repeated."""
    try:
        yield
    except VlretError:
        raise
    except FileNotFoundError as error:
        hint = "Check the address, and that its server answers." if is_url(location) else "Check the path."
        raise UsageError(
            f"{shown(location)} does not exist.", hint, code="file_missing", path=shown(location)
        ) from error
    except Exception as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise UsageError(
            f"{shown(location)} cannot be read: {reason}.",
            "Check the address and your access.",
            code="file_unreadable",
            path=shown(location),
        ) from error


@contextmanager
def opened(location: str) -> Iterator[BinaryIO]:
    """Open a file of a dataset for reading; what ends in .gz is unpacked.

    Raises:
        UsageError: it does not exist or cannot be read.
    """
    files, path = file_system(location)
    with reading(location), files.open(path, "rb") as file:
        if location.partition("?")[0].endswith(".gz"):
            with gzip.open(file) as unpacked:
                yield cast(BinaryIO, unpacked)
        else:
            yield file


def files_below(folder: str) -> list[str]:
    """Return all files below a directory, sorted.

    Raises:
        UsageError: it cannot be listed.
    """
    files, path = file_system(folder)
    with reading(folder):
        return _locations(folder, files.find(path))


def files_in(folder: str, pattern: str) -> list[str]:
    """Return the files of a directory whose names match a glob such as `*.tar`, sorted.

    Raises:
        UsageError: it cannot be listed.
    """
    files, path = file_system(folder)
    with reading(folder):
        names = _locations(folder, files.ls(path, detail=False))
    return [name for name in names if fnmatch(posixpath.basename(name), pattern)]


def _locations(folder: str, names: list[str]) -> list[str]:
    files, _ = file_system(folder)
    return sorted(files.unstrip_protocol(name) if is_url(folder) else name for name in names)


def is_folder(location: str) -> bool:
    """Whether a directory stands there. Raises UsageError if nobody answers."""
    files, path = file_system(location)
    with reading(location):
        return bool(files.isdir(path))


def expanded(pattern: str) -> list[str]:
    """Return the names that a pattern with braces stands for: `{000..127}` counts, `{a,b}` lists."""
    braces = re.search(r"\{(?:(\d+)\.\.(\d+)|([^{}]*,[^{}]*))\}", pattern)
    if not braces:
        return [pattern]
    first, last, listed = braces.groups()
    middle = listed.split(",") if listed else [f"{n:0{len(first)}}" for n in range(int(first), int(last) + 1)]
    before, after = pattern[: braces.start()], pattern[braces.end() :]
    return [name for part in middle for name in expanded(f"{before}{part}{after}")]


def _checked(url: str) -> str:
    protocol = url.partition("://")[0]
    if protocol not in PACKAGES or "::" in url:
        raise UsageError(
            f"{shown(url)} is not an address that media are read from.",
            f"Addresses begin with one of {', '.join(PACKAGES)}, or give a path.",
            code="unknown_address",
            given=shown(url),
        )
    return url
