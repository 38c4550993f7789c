"""Media files at addresses of object stores, by the rules of directories on this machine."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from vlret.errors import UsageError
from vlret.media.local_copy import local_copy
from vlret.media.sources import entries
from vlret.media.sources.entries import Entry, MediaFile, UnreadFile
from vlret.media.sources.path_list import LIST_SUFFIXES, read_path_list
from vlret.media.sources.patterns import fixed_folder, is_below
from vlret.media.sources.suffixes import MEDIA_SUFFIXES, UNREAD_SUFFIXES
from vlret.object_store import State, objects_below, read_bytes, state_of, without_key
from vlret.remote_path import RemotePath, is_address, path_of
from vlret.storage import joined, shown
from vlret.text import printable
from vlret.types import SkippedFile

_AT_ONCE = 32  # requests about single objects


class Addresses:
    """What sources at addresses name.

    Attributes:
        listed: each directory that was looked through, with all of its objects.
    """

    def __init__(self) -> None:
        self.listed: dict[RemotePath, dict[RemotePath, State]] = {}

    def expand(self, source: RemotePath) -> Iterator[Entry]:
        """Yield an object, all below a directory, what a pattern matches, or what a list names.

        Raises:
            UsageError: there is nothing, nobody answers, or a list names files of this machine.
            MissingExtraError: the package for this kind of address is not installed.
        """
        with _as_usage_errors(source):
            try:
                state = state_of(source)
            except FileNotFoundError:
                if not glob.has_magic(str(source)):
                    raise
                yield from self._matches(source)
                return
            if state is None:
                yield from self._walk(source)
            elif source.suffix.lower() in LIST_SUFFIXES:
                yield from self._named_in(source)
            else:
                yield _named(source, source.parent, state)

    def named(self, addresses: Sequence[RemotePath], list_file: Path) -> Iterator[Entry]:
        """Yield what these addresses of a list name; what cannot be read is skipped.

        Raises:
            MissingExtraError: the package for this kind of address is not installed.
        """
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for address, state in zip(addresses, pool.map(_state_or_reason, addresses), strict=True):
                if isinstance(state, str):
                    yield SkippedFile(without_key(address), f"named in {list_file.name} but {state}")
                elif state is None:
                    yield from self._walk(address)
                else:
                    folder = list_file.parent
                    yield _named(address, folder if address.is_relative_to(folder) else address.parent, state)

    def _named_in(self, list_file: RemotePath) -> Iterator[Entry]:
        with local_copy(list_file) as copy:
            lines = read_path_list(copy)
        found = [joined(str(list_file.parent), line.strip()) for line in lines]
        addresses = [path for path in map(path_of, found) if isinstance(path, RemotePath)]
        for other in (text for text in found if not isinstance(path_of(text), RemotePath)):
            there = list_file.parent / shown(other)
            yield SkippedFile(
                there, f"named in {list_file.name}, but media are not read from such an address"
            )
        yield from self.named(addresses, list_file)

    def _matches(self, pattern: RemotePath) -> Iterator[Entry]:
        root = fixed_folder(pattern)
        wanted = pattern.relative_to(root).parts
        found = [path for path in self._objects(root) if is_below(path.relative_to(root).parts, wanted)]
        if not found:
            raise UsageError(
                f"No object matches {printable(pattern)}.", "Check the pattern.", code="no_match", pattern=pattern
            )  # fmt: skip
        for path in found:
            yield from _entry(path, root, self.listed[root][path])

    def _walk(self, folder: RemotePath) -> Iterator[Entry]:
        for path, state in self._objects(folder).items():
            yield from _entry(path, folder, state)

    def _objects(self, folder: RemotePath) -> dict[RemotePath, State]:
        if folder not in self.listed:
            found = objects_below(folder)
            self.listed[folder] = {
                RemotePath(text): state for text, state in found.items() if is_address(text)
            }
        return self.listed[folder]


def _entry(path: RemotePath, root: RemotePath, state: State) -> Iterator[Entry]:
    """Yield what an object of a directory is; nothing for what has nothing to do with media."""
    *folders, _ = path.relative_to(root).parts
    for n in range(len(folders)):
        folder = root.joinpath(*folders[: n + 1])
        if reason := entries.reason_to_skip(folder):
            yield SkippedFile(folder, reason)
            return
    suffix = path.suffix.lower()
    if reason := entries.reason_to_skip(path):
        if entries.is_media_name(path):
            yield SkippedFile(path, reason)
    elif suffix in MEDIA_SUFFIXES:
        if suffix not in entries.PROGRAM_SUFFIXES or not _is_program(path):
            yield MediaFile(root, path, state)
    elif suffix in UNREAD_SUFFIXES:
        yield UnreadFile(path)


def _is_program(path: RemotePath) -> bool:
    try:
        return entries.is_program_text(read_bytes(path, 0, entries.HEAD_BYTES))
    except OSError:  # reported when it is decoded
        return False


def _named(path: RemotePath, root: Path, state: State) -> Entry:
    reason = entries.reason_to_skip(path) or entries.not_media(path)
    return SkippedFile(path, reason) if reason else MediaFile(root, path, state)


def with_states(files: Sequence[MediaFile]) -> list[MediaFile]:
    """Return the files, those at addresses with their state where they can be looked up: many at once."""

    def looked_up(file: MediaFile) -> MediaFile:
        state = _state_or_reason(file.path) if isinstance(file.path, RemotePath) else None
        return replace(file, state=state) if isinstance(state, tuple) else file

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(looked_up, files))


def _state_or_reason(address: RemotePath) -> State | str | None:
    try:
        return state_of(address) if is_address(str(address)) else "this is no address of an object"
    except FileNotFoundError:
        return "not found"
    except OSError as error:
        return f"it cannot be read: {error.strerror}"


@contextmanager
def _as_usage_errors(given: RemotePath) -> Iterator[None]:
    source = without_key(given)
    try:
        yield
    except FileNotFoundError as error:
        raise UsageError(
            f"{printable(source)} does not exist.",
            "Give an object, a directory, a bucket, a pattern or a list.", code="source_missing", source=source,
        ) from error  # fmt: skip
    except OSError as error:
        raise UsageError(
            f"{printable(source)} cannot be read: {error.strerror}.",
            "Check the address, your credentials and the network.", code="source_unreadable", source=source,
        ) from error  # fmt: skip
