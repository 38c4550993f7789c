"""Errors that a user may meet: each says what was given, what is allowed and what to do now."""

from __future__ import annotations

from collections.abc import Sequence


class VlretError(Exception):
    """Base of all errors that vlret raises on purpose.

    `message` says what happened to what; `hint` says what to do now. The command line prints both
    on one line and exits with `exit_code` (1: nothing could be done, 2: wrong usage). `files` are all files
    that are not there, where the message names some of them.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "", files: Sequence[str] = ()) -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
        self.files = tuple(files)


class UsageError(VlretError):
    """An argument is outside of what is allowed (exit code 2)."""

    exit_code = 2


class MediaError(VlretError):
    """A file cannot be read as video or image."""


class ModelError(VlretError):
    """A model or its weights cannot be found, or do not fit."""


class IndexFolderError(VlretError):
    """An index folder is missing, damaged, locked or made by another model."""


class OutputError(VlretError):
    """A file or folder cannot be written: a full disk, no permission."""


class MissingExtraError(VlretError):
    """An optional package is needed; the hint holds the pip command."""
