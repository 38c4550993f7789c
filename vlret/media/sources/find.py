"""Which media files a user's sources name: files, folders, globs, lists."""

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

_DANGLING = "a link to a file that is not there"
_NOT_THERE = "not there"
_SPECIAL = "not a regular file"
_OF_NO_INTEREST = (_DANGLING, _NOT_THERE, _SPECIAL)  # where its name is not one of a media file


@dataclass(frozen=True, slots=True, order=True)
class MediaFile:
    """One media file (absolute `path`) and the `root` folder that its path is kept relative to.

    `root` is the folder given as source; the parent of a file given directly; the longest fixed folder
    of a glob; the folder of the list for paths named in a list, where they lie under it, else their parent.
    """

    root: Path
    path: Path


@dataclass(frozen=True, slots=True)
class _Unread:
    """A picture, film or sound in a format that is not read."""

    path: Path


_Entry: TypeAlias = MediaFile | SkippedFile | _Unread


@dataclass(frozen=True, slots=True)
class Found:
    """What the sources name: `files` and `skipped`, each sorted by path, every path once.

    `unread` counts the media files of folders and globs that are in no format read here, by suffix
    (lower case, with its dot), the most frequent first.
    """

    files: list[MediaFile]
    skipped: list[SkippedFile]
    unread: dict[str, int] = field(default_factory=dict)


def find_media(sources: Sequence[str | Path]) -> Found:
    """Media files of files, folders (recursive), globs, and lists of paths (`.txt`, `.csv`, `.json`, ...).

    Lists are read by `read_path_list`; their relative paths are taken from the list's folder. An entry of
    a folder or list that cannot be read costs itself only. Links to folders are not followed.

    Raises:
        UsageError: a source is not there, a glob matches nothing, or a list cannot be read.
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
    """The absolute path of what a user typed; `~` is the home folder unless there is such a file.

    Only for arguments: a name that was read from a folder or a list may begin with `~`, too.
    """
    return Path(os.path.abspath(source if os.path.lexists(source) else os.path.expanduser(source)))


def _expand(source: str | Path) -> Iterator[_Entry]:
    path = typed_path(source)
    trouble = _trouble(path)
    if os.path.isdir(path):
        yield from _walk(path, path)
    elif not trouble and path.suffix.lower() in LIST_SUFFIXES:
        yield from _listed(path)
    elif os.path.lexists(path):
        yield _named(path, path.parent)
    elif glob.has_magic(str(path)):
        yield from _matches(path)
    else:
        raise UsageError(
            f"{source} {'is not there' if trouble == _NOT_THERE else trouble}.",
            "Give a file, a folder, a glob, or a .txt or .csv list of paths.",
        )


def _trouble(path: Path) -> str:
    """Why nothing can be read at `path`, which is no folder; empty for a regular file."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return _DANGLING if path.is_symlink() else _NOT_THERE
    except (OSError, ValueError) as error:  # ValueError: NUL in a name
        return f"cannot be read: {getattr(error, 'strerror', error)}"
    if stat.S_ISDIR(mode):
        return "a link to a folder: not followed"
    return "" if stat.S_ISREG(mode) else _SPECIAL


def _named(path: Path, root: Path) -> MediaFile | SkippedFile:
    """A file that somebody asked for by name: passed over only with a reason."""
    reason = _reason_to_skip(path) or _trouble(path)
    if not reason and path.suffix.lower() not in MEDIA_SUFFIXES:
        reason = f"not a media file: the suffix is {path.suffix or 'missing'}"
    return SkippedFile(path, reason) if reason else MediaFile(root, path)


def _walk(folder: Path, root: Path, wanted: Callable[[Path], bool] = lambda _: True) -> Iterator[_Entry]:
    """All that lies below `folder`, of which `wanted` is true; no recursion, however deep the folders go."""
    folders = [folder]
    while folders:
        here = folders.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    path = Path(entry.path)
                    if _is(entry.is_dir) and not _reason_to_skip(path):
                        folders.append(path)
                    elif wanted(path) and (judged := _judge(path, entry, root)):
                        yield judged
        except OSError as error:
            yield SkippedFile(here, f"cannot be opened: {error.strerror}")


def _is(kind: Callable[..., bool]) -> bool:
    """`is_dir` or `is_file` of an entry, links not followed; false where the system cannot tell."""
    try:
        return kind(follow_symlinks=False)
    except OSError:
        return False


def _judge(path: Path, entry: os.DirEntry[str], root: Path) -> _Entry | None:
    """What an entry of a folder is to us; None for what has nothing to do with media."""
    if reason := _reason_to_skip(path):
        return SkippedFile(path, reason) if _is(entry.is_dir) or _is_media_name(path) else None
    trouble = "" if _is(entry.is_file) else _trouble(path)
    suffix = path.suffix.lower()
    if trouble:
        is_told = suffix in MEDIA_SUFFIXES or trouble not in _OF_NO_INTEREST
        return SkippedFile(path, trouble) if is_told else None
    if suffix in MEDIA_SUFFIXES:
        return None if _is_program(path) else MediaFile(root, path)
    return _Unread(path) if suffix in UNREAD_SUFFIXES else None


def _is_program(path: Path) -> bool:
    """Whether a `.ts` or `.mts` is a TypeScript program, a `.mod` one of Go: no recording begins with text."""
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
    """Whether a walk leaves it out for its name alone: hidden, of the system, half-copied."""
    return bool(_reason_to_skip(path))


def _reason_to_skip(path: Path) -> str:
    name = path.name.lower()
    if name in SYSTEM_FOLDERS or name == ".git":
        return "system folder"
    if name.startswith("._"):
        return "metadata file of macOS"
    if name.startswith("."):
        return "hidden"
    if path.suffix.lower() in PARTIAL_SUFFIXES:
        return "half-copied file"
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
        raise UsageError(f"No file matches {pattern}.", "Check the pattern; quote it against the shell.")
    yield first
    yield from entries


def _at(path: Path, root: Path) -> Iterator[_Entry]:
    return _walk(path, root) if os.path.isdir(path) else iter([_named(path, root)])


def _is_below(names: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether the path, or a folder it lies in, matches the pattern; `**` stands for any folders."""
    return any(_is_match(names[: n + 1], pattern) for n in range(len(names)))


def _is_match(names: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not names
    if pattern[0] == "**":
        return any(_is_match(names[n:], pattern[1:]) for n in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], pattern[0]) and _is_match(names[1:], pattern[1:])


def _listed(list_file: Path) -> Iterator[_Entry]:
    forms = UnicodeNames()
    for line in read_path_list(list_file):
        yield from _line(list_file, line, forms)


def _line(list_file: Path, line: str, forms: UnicodeNames) -> Iterator[_Entry]:
    """What a line names, as it stands or without the blanks around it."""
    folder = list_file.parent
    given = Path(os.path.abspath(folder / line.strip()))
    exact = Path(os.path.abspath(folder / line))
    paths = [exact] if os.path.lexists(exact) else forms.find(given)
    if len(paths) == 1:
        root = folder if paths[0].is_relative_to(folder) else paths[0].parent
        yield from _walk(paths[0], paths[0]) if os.path.isdir(paths[0]) else [_named(paths[0], root)]
    elif paths:
        yield SkippedFile(
            given, f"named in {list_file.name}, where {len(paths)} names differ in normal form only"
        )
    else:
        yield SkippedFile(given, f"named in {list_file.name} but not there")
