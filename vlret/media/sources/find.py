"""Which media files a user's sources name: files, directories, globs, lists."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from vlret.errors import UsageError
from vlret.media.sources.addresses import Addresses
from vlret.media.sources.entries import NOT_FOUND, Entry, MediaFile, named_file, problem_of, walk
from vlret.media.sources.path_list import LIST_SUFFIXES, read_path_list
from vlret.media.sources.patterns import fixed_folder, is_below
from vlret.media.sources.unicode_names import UnicodeNames
from vlret.remote_path import RemotePath, absolute_path, path_of
from vlret.storage import shown
from vlret.types import SkippedFile

_OTHER_ADDRESS = re.compile(r"[A-Za-z][\w+.:-]+:/")


@dataclass(frozen=True, slots=True)
class Found:
    """What the sources name: `files` and `skipped`, each sorted by path, every path once.

    `unread` counts the media files of directories and globs in formats that are not read, by suffix (lower case,
    with its dot), the most frequent first. `listed` are the directories at addresses that were looked through, each
    with all of its objects.
    """

    files: list[MediaFile]
    skipped: list[SkippedFile]
    unread: dict[str, int] = field(default_factory=dict)
    listed: Mapping[RemotePath, Container[RemotePath]] = field(default_factory=dict)


def find_media(sources: Sequence[str | Path]) -> Found:
    """Return the media files that files, directories (recursive), globs and lists of paths name.

    Lists (`.txt`, `.csv`, `.json`, ...) are read by `read_path_list`; relative paths in them start at the list's
    directory. An entry of a directory or list that cannot be read is skipped. Links to directories are not followed.
    All of these may be at addresses (`s3://bucket/directory`), and lists may name addresses.

    Raises:
        UsageError: a source does not exist, a glob matches nothing, or a list cannot be read.
    """
    files: dict[Path, MediaFile] = {}
    skipped: dict[Path, SkippedFile] = {}
    unread: set[Path] = set()
    addresses = Addresses()
    for source in sources:
        for entry in _expand(source, addresses):
            if isinstance(entry, SkippedFile):
                skipped.setdefault(entry.path, entry)
            elif isinstance(entry, MediaFile):
                files.setdefault(entry.path, entry)
            else:
                unread.add(entry.path)
    counts = Counter(path.suffix.lower() for path in sorted(unread))
    return Found(
        sorted(files.values(), key=lambda file: file.path),
        sorted(s for s in skipped.values() if s.path not in files),
        dict(counts.most_common()),
        addresses.listed,
    )


def typed_path(source: str | Path) -> Path:
    """Return the absolute path of what a user typed; `~` is the home directory unless there is such a file.

    Only for arguments: a name read from a directory or a list may begin with `~`, too.
    """
    return absolute_path(source if os.path.lexists(source) else os.path.expanduser(source))


def _expand(source: str | Path, addresses: Addresses) -> Iterator[Entry]:
    path = typed_path(source)
    if isinstance(path, RemotePath):
        yield from addresses.expand(path)
        return
    problem = problem_of(path)
    if os.path.isdir(path):
        yield from walk(path, path)
    elif not problem and path.suffix.lower() in LIST_SUFFIXES:
        yield from _listed(path, addresses)
    elif os.path.lexists(path):
        yield named_file(path, path.parent)
    elif glob.has_magic(str(path)):
        yield from _matches(path)
    elif _OTHER_ADDRESS.match(str(source)):
        raise _unknown_address(str(source))
    else:
        raise UsageError(
            f"{source} {'does not exist' if problem == NOT_FOUND else problem}.",
            "Give a file, a directory, a glob, or a .txt or .csv list of paths.",
            code="source_missing",
            source=source,
        )


def _unknown_address(given: str) -> UsageError:
    address = shown(re.sub(":/+", "://", given, count=1))  # a path has lost a slash
    return UsageError(
        f"{address} is not an address that media are read from.",
        "Addresses begin with s3:// or gs://.",
        code="unknown_address",
        given=address,
    )


def _matches(pattern: Path) -> Iterator[Entry]:
    root = fixed_folder(pattern)
    parts = pattern.relative_to(root).parts
    entries: Iterator[Entry]
    if "**" in parts:
        entries = walk(root, root, lambda path: is_below(path.relative_to(root).parts, parts))
    else:
        entries = chain.from_iterable(_at(Path(path), root) for path in sorted(glob.glob(str(pattern))))
    first = next(entries, None)
    if first is None:
        raise UsageError(
            f"No file matches {pattern}.",
            "Check the pattern, and quote it so that the shell does not expand it.",
            code="no_match",
            pattern=pattern,
        )
    yield first
    yield from entries


def _at(path: Path, root: Path) -> Iterator[Entry]:
    return walk(path, root) if os.path.isdir(path) else iter([named_file(path, root)])


def _listed(list_file: Path, addresses: Addresses) -> Iterator[Entry]:
    names, remote = UnicodeNames(), []
    for line in read_path_list(list_file):
        address = path_of(line.strip())
        if isinstance(address, RemotePath):
            remote.append(address)
        else:
            yield from _line(list_file, line, names)
    if remote:
        yield from addresses.named(remote, list_file)


def _line(list_file: Path, line: str, names: UnicodeNames) -> Iterator[Entry]:
    """Yield what a line names, as it stands or without the blanks around it."""
    folder = list_file.parent
    given = Path(os.path.abspath(folder / line.strip()))
    exact = Path(os.path.abspath(folder / line))
    paths = [exact] if os.path.lexists(exact) else names.find(given)
    if len(paths) == 1:
        root = folder if paths[0].is_relative_to(folder) else paths[0].parent
        yield from walk(paths[0], paths[0]) if os.path.isdir(paths[0]) else [named_file(paths[0], root)]
    elif paths:
        yield SkippedFile(
            given, f"named in {list_file.name}, where {len(paths)} names differ in Unicode normal form only"
        )
    else:
        yield SkippedFile(given, f"named in {list_file.name} but not found")
