"""Which media files a user's sources name: files, directories, globs, lists."""

from __future__ import annotations

import codecs
import glob
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from vlret.errors import UsageError
from vlret.media.sources.path_list import LIST_SUFFIXES, read_path_list
from vlret.media.sources.suffixes import MEDIA_SUFFIXES, PARTIAL_SUFFIXES, SYSTEM_FOLDERS, UNREAD_SUFFIXES
from vlret.media.sources.unicode_names import UnicodeNames
from vlret.types import SkippedFile

_BROKEN_LINK = "a broken link"
_NOT_FOUND = "not found"
_SPECIAL = "not a regular file"
_IGNORED = (_BROKEN_LINK, _NOT_FOUND, _SPECIAL)  # unless the name is one of a media file


@dataclass(frozen=True, slots=True, order=True)
class MediaFile:
    """One media file (absolute `path`) and the `root` directory that an index stores its path relative to.

    `root` is the directory given as source; the parent of a file given directly; the longest fixed directory of a
    glob; for a path named in a list, the directory of the list if the path lies below it, else its own parent.
    """

    root: Path
    path: Path


@dataclass(frozen=True, slots=True)
class _Unread:
    """An image, video or audio file in a format that is not read."""

    path: Path


_Entry: TypeAlias = MediaFile | SkippedFile | _Unread


@dataclass(frozen=True, slots=True)
class Found:
    """What the sources name: `files` and `skipped`, each sorted by path, every path once.

    `unread` counts the media files of directories and globs in formats that are not read, by suffix (lower case,
    with its dot), the most frequent first.
    """

    files: list[MediaFile]
    skipped: list[SkippedFile]
    unread: dict[str, int] = field(default_factory=dict)


def find_media(sources: Sequence[str | Path]) -> Found:
    """Return the media files that files, directories (recursive), globs and lists of paths name.

    Lists (`.txt`, `.csv`, `.json`, ...) are read by `read_path_list`; relative paths in them start at the list's
    directory. An entry of a directory or list that cannot be read is skipped. Links to directories are not followed.

    Raises:
        UsageError: a source does not exist, a glob matches nothing, or a list cannot be read.
    """
    files: dict[Path, MediaFile] = {}
    skipped: dict[Path, SkippedFile] = {}
    unread: set[Path] = set()
    for source in sources:
        for entry in _expand(source):
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
    )


def typed_path(source: str | Path) -> Path:
    """Return the absolute path of what a user typed; `~` is the home directory unless there is such a file.

    Only for arguments: a name read from a directory or a list may begin with `~`, too.
    """
    return Path(os.path.abspath(source if os.path.lexists(source) else os.path.expanduser(source)))


def _expand(source: str | Path) -> Iterator[_Entry]:
    path = typed_path(source)
    problem = _problem(path)
    if os.path.isdir(path):
        yield from _walk(path, path)
    elif not problem and path.suffix.lower() in LIST_SUFFIXES:
        yield from _listed(path)
    elif os.path.lexists(path):
        yield _named(path, path.parent)
    elif glob.has_magic(str(path)):
        yield from _matches(path)
    else:
        raise UsageError(
            f"{source} {'does not exist' if problem == _NOT_FOUND else problem}.",
            "Give a file, a directory, a glob, or a .txt or .csv list of paths.",
            code="source_missing",
            source=source,
        )


def _problem(path: Path) -> str:
    """Return why nothing can be read at `path`, which is not a directory; "" for a regular file."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return _BROKEN_LINK if path.is_symlink() else _NOT_FOUND
    except (OSError, ValueError) as error:  # ValueError: NUL in a name
        return f"cannot be read: {getattr(error, 'strerror', error)}"
    if stat.S_ISDIR(mode):
        return "a link to a directory: not followed"
    return "" if stat.S_ISREG(mode) else _SPECIAL


def _named(path: Path, root: Path) -> MediaFile | SkippedFile:
    """Return a file that a source or a list names itself; what cannot be read is skipped with a reason."""
    reason = _reason_to_skip(path) or _problem(path)
    if not reason and path.suffix.lower() not in MEDIA_SUFFIXES:
        reason = f"not a media file: the suffix is {path.suffix or 'missing'}"
    return SkippedFile(path, reason) if reason else MediaFile(root, path)


def _walk(folder: Path, root: Path, wanted: Callable[[Path], bool] = lambda _: True) -> Iterator[_Entry]:
    """Yield what lies below `folder` and is `wanted`. A loop: directories can be nested deeper than Python recurses."""
    folders = [folder]
    while folders:
        here = folders.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    path = Path(entry.path)
                    if _is(entry.is_dir) and not _reason_to_skip(path):
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


def _entry_of(path: Path, entry: os.DirEntry[str], root: Path) -> _Entry | None:
    """Return what an entry of a directory is; None for what has nothing to do with media."""
    if reason := _reason_to_skip(path):
        return SkippedFile(path, reason) if _is(entry.is_dir) or _is_media_name(path) else None
    problem = "" if _is(entry.is_file) else _problem(path)
    suffix = path.suffix.lower()
    if problem:
        is_listed = suffix in MEDIA_SUFFIXES or problem not in _IGNORED
        return SkippedFile(path, problem) if is_listed else None
    if suffix in MEDIA_SUFFIXES:
        return None if _is_program(path) else MediaFile(root, path)
    return _Unread(path) if suffix in UNREAD_SUFFIXES else None


def _is_program(path: Path) -> bool:
    """Return whether a `.ts` or `.mts` is TypeScript, or a `.mod` is a Go module: no recording begins with text."""
    if path.suffix.lower() not in (".ts", ".mts", ".mod"):
        return False
    try:
        with path.open("rb") as file:
            head = file.read(512)
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except (OSError, UnicodeDecodeError):
        return False
    return bool(text) and "\0" not in text


def _is_media_name(path: Path) -> bool:
    return any(suffix.lower() in MEDIA_SUFFIXES | PARTIAL_SUFFIXES for suffix in path.suffixes)


def is_passed_over(path: Path) -> bool:
    """Return whether the name alone excludes the file: hidden, of the system, incomplete."""
    return bool(_reason_to_skip(path))


def _reason_to_skip(path: Path) -> str:
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


def _matches(pattern: Path) -> Iterator[_Entry]:
    root = pattern
    while glob.has_magic(str(root)):
        root = root.parent
    parts = pattern.relative_to(root).parts
    entries: Iterator[_Entry]
    if "**" in parts:
        entries = _walk(root, root, lambda path: _is_below(path.relative_to(root).parts, parts))
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


def _at(path: Path, root: Path) -> Iterator[_Entry]:
    return _walk(path, root) if os.path.isdir(path) else iter([_named(path, root)])


def _is_below(names: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Return whether the path, or a directory it lies in, matches the pattern; `**` stands for any directories."""
    return any(_is_match(names[: n + 1], pattern) for n in range(len(names)))


def _is_match(names: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not names
    if pattern[0] == "**":
        return any(_is_match(names[n:], pattern[1:]) for n in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], pattern[0]) and _is_match(names[1:], pattern[1:])


def _listed(list_file: Path) -> Iterator[_Entry]:
    names = UnicodeNames()
    for line in read_path_list(list_file):
        yield from _line(list_file, line, names)


def _line(list_file: Path, line: str, names: UnicodeNames) -> Iterator[_Entry]:
    """Yield what a line names, as it stands or without the blanks around it."""
    folder = list_file.parent
    given = Path(os.path.abspath(folder / line.strip()))
    exact = Path(os.path.abspath(folder / line))
    paths = [exact] if os.path.lexists(exact) else names.find(given)
    if len(paths) == 1:
        root = folder if paths[0].is_relative_to(folder) else paths[0].parent
        yield from _walk(paths[0], paths[0]) if os.path.isdir(paths[0]) else [_named(paths[0], root)]
    elif paths:
        yield SkippedFile(
            given, f"named in {list_file.name}, where {len(paths)} names differ in Unicode normal form only"
        )
    else:
        yield SkippedFile(given, f"named in {list_file.name} but not found")
