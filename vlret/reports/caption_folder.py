"""Captions written to a directory, a file for each media file; what is finished is kept by the next run."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from vlret.files import replace_file, unwritable
from vlret.reports.caption_formats import FORMATS
from vlret.tasks.clip_source import ClipSource
from vlret.types import ClipCaption

FINISHED = ".vlret-captions.jsonl"
"""The file that says which captions are finished: on each line the name of a file and what decided its content."""


class CaptionFolder:
    """The captions of the files of one source in one format.

    A file is named after its media file, below the directory that all of these share: `trip/a.mp4.srt`. No two media
    files have one name.
    """

    def __init__(self, folder: Path, form: str, source: ClipSource, settings: str) -> None:
        """Create the directory.

        Args:
            form: a key of `FORMATS`.
            settings: what else decides the captions.

        Raises:
            OutputError: the directory cannot be created or written to.
        """
        self.path, self._format = folder, FORMATS[form]
        self._source, self._settings = source, settings
        self._append("\n")  # before any long work; ends a line that a killed run left half-written
        self._finished = dict(self._read())

    def file(self, path: str) -> Path:
        """The file with the captions of the media file `path`."""
        return self.path / f"{self._source.relative(path)}{self._format.suffix}"

    def unfinished(self) -> list[str]:
        """The media files of the source whose captions are not there, or would be others now."""
        return [
            path
            for path in self._source.roots
            if self._finished.get(self._name(path)) != self._digest(path) or not self.file(path).is_file()
        ]

    def write(self, path: str, items: Sequence[ClipCaption]) -> None:
        """Write the captions of the media file `path`, whole or not at all.

        Raises:
            OutputError: they cannot be written.
        """
        text = self._format.head + self._format.body(items)
        replace_file(self.file(path), text.encode(errors="backslashreplace"))
        self._append(f"{json.dumps([self._name(path), self._digest(path)])}\n")

    def _name(self, path: str) -> str:
        return self.file(path).relative_to(self.path).as_posix()

    def _digest(self, path: str) -> str:
        decides = repr((path, self._source.state(path), self._settings))
        return hashlib.sha256(decides.encode(errors="backslashreplace")).hexdigest()

    def _append(self, line: str) -> None:
        file = self.path / FINISHED
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            with os.fdopen(os.open(file, flags, 0o666), "w", encoding="ascii") as opened:
                opened.write(line)
        except OSError as error:
            raise unwritable(file, error) from error

    def _read(self) -> Iterator[tuple[str, str]]:
        """Yield the finished files; half-written lines are passed over."""
        for line in (self.path / FINISHED).read_text(encoding="ascii", errors="replace").splitlines():
            with suppress(ValueError, TypeError):
                name, digest = json.loads(line)
                yield str(name), str(digest)
