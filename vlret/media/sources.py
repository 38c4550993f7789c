"""Which media files a user's sources name: files, folders, globs, lists."""

from __future__ import annotations

import codecs
import csv
import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vlret.errors import UsageError

VIDEO_SUFFIXES = frozenset(
    (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".mpeg", ".m4v", ".gif", ".h264", ".264")
)
IMAGE_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".bmp"))
MEDIA_SUFFIXES = VIDEO_SUFFIXES | IMAGE_SUFFIXES
PARTIAL_SUFFIXES = frozenset(
    (".part", ".partial", ".crdownload", ".download", ".tmp", ".temp", ".!ut", ".aria2")
)
SYSTEM_FOLDERS = frozenset(
    ("__macosx", "@eadir", "#recycle", "#snapshot", "$recycle.bin", "lost+found", "system volume information")
)
_CSV_COLUMNS = ("path", "video", "file")


@dataclass(frozen=True, slots=True, order=True)
class MediaFile:
    """One media file (absolute `path`) and the `root` folder that its path is kept relative to.

    `root` is the folder given as source; the parent of a file given directly; the longest fixed folder
    of a glob; the folder of the list for paths named in a list, where they lie under it, else their parent.
    """

    root: Path
    path: Path


@dataclass(frozen=True, slots=True, order=True)
class Skipped:
    """A path that was passed over, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the sources name: `files` and `skipped`, each sorted by path, every path once."""

    files: list[MediaFile]
    skipped: list[Skipped]


def find_media(sources: Sequence[str | Path]) -> Found:
    """Media files of files, folders (recursive), globs, `.txt` lists (a path a line) and `.csv` tables.

    A CSV has its paths in the column `path`, `video` or `file`. Relative paths of a list are taken from the
    list's folder. Files of other suffixes inside a folder are not media and are not mentioned.

    Raises:
        UsageError: a source is not there, a glob matches nothing, or a CSV has no such column.
    """
    files: dict[Path, MediaFile] = {}
    skipped: dict[Path, Skipped] = {}
    for source in sources:
        for entry in _expand(source):
            if isinstance(entry, Skipped):
                skipped.setdefault(entry.path, entry)
            else:
                files.setdefault(entry.path, entry)
    kept = sorted(files.values(), key=lambda file: file.path)
    return Found(kept, sorted(s for s in skipped.values() if s.path not in files))


def _expand(source: str | Path) -> Iterator[MediaFile | Skipped]:
    path = Path(os.path.abspath(Path(source).expanduser()))
    if path.is_dir():
        yield from _walk(path, path)
    elif path.exists():
        yield from _one(path)
    elif glob.has_magic(str(path)):
        yield from _matches(path)
    else:
        raise UsageError(f"{source} is not there.", "Give a file, a folder, a glob, a .txt list or a .csv.")


def _one(path: Path) -> Iterator[MediaFile | Skipped]:
    if path.suffix.lower() == ".txt":
        yield from _listed(path, _text_lines(path))
    elif path.suffix.lower() == ".csv":
        yield from _listed(path, _csv_paths(path))
    else:
        yield _named(path, path.parent)


def _named(path: Path, root: Path) -> MediaFile | Skipped:
    """A file that somebody asked for by name: passed over only with a reason."""
    reason = _reason_to_skip(path)
    if not reason and path.suffix.lower() not in MEDIA_SUFFIXES:
        reason = f"not a media file: the suffix is {path.suffix or 'missing'}"
    return Skipped(path, reason) if reason else MediaFile(root, path)


def _walk(folder: Path, root: Path) -> Iterator[MediaFile | Skipped]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Skipped(folder, f"cannot be opened: {error.strerror}")
        return
    for entry in entries:
        path = Path(entry.path)
        reason = _reason_to_skip(path)
        if entry.is_dir(follow_symlinks=False):
            yield from [Skipped(path, reason)] if reason else _walk(path, root)
        elif reason and _is_media_name(path):
            yield Skipped(path, reason)
        elif entry.is_file() and path.suffix.lower() in MEDIA_SUFFIXES and not _is_program(path):
            yield MediaFile(root, path)


def _is_program(path: Path) -> bool:
    """Whether a `.ts` is a TypeScript program and no MPEG transport stream: it begins with text."""
    if path.suffix.lower() != ".ts":
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


def _matches(pattern: Path) -> Iterator[MediaFile | Skipped]:
    root = pattern
    while glob.has_magic(str(root)):
        root = root.parent
    paths = [Path(match) for match in sorted(glob.glob(str(pattern), recursive=True))]
    if not paths:
        raise UsageError(f"No file matches {pattern}.", "Check the pattern; quote it against the shell.")
    for path in paths:
        if path.is_dir():
            yield from _walk(path, root)
        else:
            yield _named(path, root)


def _listed(list_file: Path, lines: Iterable[str]) -> Iterator[MediaFile | Skipped]:
    for line in lines:
        path = Path(os.path.abspath(list_file.parent / Path(line).expanduser()))
        root = list_file.parent if path.is_relative_to(list_file.parent) else path.parent
        if path.is_dir():
            yield from _walk(path, path)
        elif path.exists():
            yield _named(path, root)
        else:
            yield Skipped(path, f"named in {list_file.name} but not there")


def _text_lines(path: Path) -> Iterator[str]:
    for line in _read_text(path).splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def _csv_paths(path: Path) -> Iterator[str]:
    rows = csv.DictReader(_read_text(path).splitlines())
    column = next((name for name in _CSV_COLUMNS if name in (rows.fieldnames or [])), None)
    if column is None:
        raise UsageError(
            f"{path} has the columns {', '.join(rows.fieldnames or ['none'])}.",
            f"Name the column with the paths one of {', '.join(_CSV_COLUMNS)}.",
        )
    return (row[column].strip() for row in rows if (row[column] or "").strip())


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text.", "Save the list as UTF-8.") from error
