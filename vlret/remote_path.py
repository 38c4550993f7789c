"""Addresses of object stores (`s3://bucket/key`) as paths."""

from __future__ import annotations

import os
import re
from pathlib import Path, PosixPath
from urllib.parse import quote

SCHEMES = ("s3", "gs", "memory")
"""The kinds of addresses that an index holds; `memory` is that of fsspec, for tests. `gcs` is another name of `gs`."""
_GIVEN = re.compile(r"(s3|gs|gcs|memory):/+([^/].*)", re.DOTALL)
_PLAIN = re.compile(rf"({'|'.join(SCHEMES)})://[A-Za-z0-9][A-Za-z0-9._-]*(/.*)?", re.DOTALL)


class RemotePath(PosixPath):
    """An object or a directory of an object store, `s3://bucket/key`, as an absolute path.

    Name, suffix, parents and joining are those of any path. Nothing is looked up, by its methods neither:
    `vlret.object_store` does that. `path_of` makes them.
    """

    __slots__ = ()

    def __str__(self) -> str:
        text = super().__str__()
        return text.replace(":/", "://", 1) if self.is_absolute() else text

    def is_absolute(self) -> bool:
        """Whether it begins with `s3:`, and is not the end of an address."""
        return self.parts[:1] in [(f"{scheme}:",) for scheme in SCHEMES]

    def absolute(self) -> RemotePath:
        """Return it as it is."""
        return self

    def as_uri(self) -> str:
        """Return the address with what a URI may not hold escaped."""
        return quote(str(self), safe=":/")


def path_of(given: str | os.PathLike[str]) -> Path:
    """Return a `RemotePath` for what begins like one (`s3://`, `gs://`, `gcs://`), else a `Path`.

    `Path("s3://bucket")`, which has lost a slash, is taken for the address, too.
    """
    text = os.fspath(given)
    found = _GIVEN.fullmatch(text)
    if found is None:
        return Path(given)
    return RemotePath(f"{found[1].replace('gcs', 'gs')}:/{found[2]}")


def is_address(text: str) -> bool:
    """Whether a text is an address as `str` of a `RemotePath` gives it, and nothing that fsspec would read otherwise.

    No `::`, which chains file systems; no `..`, no empty parts; and no user, port or query in place of a bucket.
    """
    address = path_of(text)
    return (
        _PLAIN.fullmatch(text) is not None
        and "::" not in text
        and "\0" not in text
        and ".." not in address.parts
        and str(address) == text
    )


def real_path(path: str | Path) -> str:
    """Return what is the same for two names of one file: its path without links, or its address."""
    path = path_of(path)
    return str(path) if isinstance(path, RemotePath) else os.path.realpath(path)


def absolute_path(given: str | Path) -> Path:
    """Return a path as an absolute one, without `..`; an address as it is."""
    path = path_of(given)
    return path if isinstance(path, RemotePath) else Path(os.path.abspath(path))
