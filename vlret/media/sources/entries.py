"""What a path is to vlret: a media file, or one that is skipped and why; all entries of a directory."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from vlret.media.sources.suffixes import MEDIA_SUFFIXES, PARTIAL_SUFFIXES, SYSTEM_FOLDERS, UNREAD_SUFFIXES
from vlret.types import SkippedFile

_BROKEN_LINK = "a broken link"
NOT_FOUND = "not found"
_SPECIAL = "not a regular file"
PROGRAM_SUFFIXES = (".ts", ".mts", ".mod")
HEAD_BYTES = 512
_IGNORED = (_BROKEN_LINK, NOT_FOUND, _SPECIAL)  # unless the name is one of a media file


@dataclass(frozen=True, slots=True, order=True)
class MediaFile:
    """One media file (absolute `path`) and the `root` directory that an index stores its path relative to.

    `root` is the directory given as source; the parent of a file given directly; the longest fixed directory of a
    glob; for a path named in a list, the directory of the list if the path lies below it, else its own parent.
    `state` is its size in bytes and time of change in ns where the listing of an object store said so.
    """

    root: Path
    path: Path
    state: tuple[int, int] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """An image, video or audio file in a format that is not read."""

    path: Path


Entry: TypeAlias = MediaFile | SkippedFile | UnreadFile


def problem_of(path: Path) -> str:
    """Return why nothing can be read at `path`, which is not a directory; "" for a regular file."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return _BROKEN_LINK if path.is_symlink() else NOT_FOUND
    except (OSError, ValueError) as error:  # ValueError: NUL in a name
        return f"cannot be read: {getattr(error, 'strerror', error)}"
    if stat.S_ISDIR(mode):
        return "a link to a directory: not followed"
    return "" if stat.S_ISREG(mode) else _SPECIAL


def named_file(path: Path, root: Path) -> MediaFile | SkippedFile:
    """Return a file that a source or a list names itself; what cannot be read is skipped with a reason."""
    reason = reason_to_skip(path) or problem_of(path) or not_media(path)
    return SkippedFile(path, reason) if reason else MediaFile(root, path)


def not_media(path: Path) -> str:
    """Return why a file that was named itself is no media file; "" if it is one by its suffix."""
    is_media = path.suffix.lower() in MEDIA_SUFFIXES
    return "" if is_media else f"not a media file: the suffix is {path.suffix or 'missing'}"


def walk(folder: Path, root: Path, wanted: Callable[[Path], bool] = lambda _: True) -> Iterator[Entry]:
    """Yield what lies below `folder` and is `wanted`. A loop: directories can be nested deeper than Python recurses."""
    folders = [folder]
    while folders:
        here = folders.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    path = Path(entry.path)
                    if _is(entry.is_dir) and not reason_to_skip(path):
                        folders.append(path)
                    elif wanted(path) and (found := _entry_of(path, entry, root)):
                        yield found
        except OSError as error:
            yield SkippedFile(here, f"cannot be opened: {error.strerror}")


def _is(kind: Callable[..., bool]) -> bool:
    """Return `is_dir` or `is_file` of an entry, links not followed; False where the system cannot tell."""
    try:
        return kind(follow_symlinks=False)
    except OSError:
        return False


def _entry_of(path: Path, entry: os.DirEntry[str], root: Path) -> Entry | None:
    """Return what an entry of a directory is; None for what has nothing to do with media."""
    if reason := reason_to_skip(path):
        return SkippedFile(path, reason) if _is(entry.is_dir) or is_media_name(path) else None
    problem = "" if _is(entry.is_file) else problem_of(path)
    suffix = path.suffix.lower()
    if problem:
        is_listed = suffix in MEDIA_SUFFIXES or problem not in _IGNORED
        return SkippedFile(path, problem) if is_listed else None
    if suffix in MEDIA_SUFFIXES:
        return None if _is_program(path) else MediaFile(root, path)
    return UnreadFile(path) if suffix in UNREAD_SUFFIXES else None


def _is_program(path: Path) -> bool:
    """Return whether a `.ts` or `.mts` is TypeScript, or a `.mod` is a Go module: no recording begins with text."""
    if path.suffix.lower() not in PROGRAM_SUFFIXES:
        return False
    try:
        with path.open("rb") as file:
            return is_program_text(file.read(HEAD_BYTES))
    except OSError:
        return False


def is_program_text(head: bytes) -> bool:
    """Return whether the first HEAD_BYTES of a file are text."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(text) and "\0" not in text


def is_media_name(path: Path) -> bool:
    """Return whether a name, complete or not, is one of a media file."""
    return any(suffix.lower() in MEDIA_SUFFIXES | PARTIAL_SUFFIXES for suffix in path.suffixes)


def is_excluded(path: Path) -> bool:
    """Return whether the name alone excludes the file: hidden, of the system, incomplete."""
    return bool(reason_to_skip(path))


def reason_to_skip(path: Path) -> str:
    """Return why the name alone excludes a file or directory: hidden, of the system, incomplete; "" if it does not."""
    name = path.name.lower()
    if name in SYSTEM_FOLDERS or name == ".git":
        return "system directory"
    if name.startswith("._"):
        return "macOS metadata file"
    if name.startswith("."):
        return "hidden"
    if path.suffix.lower() in PARTIAL_SUFFIXES:
        return "incomplete file"
    return ""
