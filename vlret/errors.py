"""Errors that a user may meet: each says what was given, what is allowed and what to do now."""

from __future__ import annotations

from typing import Any


class VlretError(Exception):
    """Base of all errors that vlret raises on purpose.

    Attributes:
        message: what happened to what, in one sentence.
        hint: what to do now, in words that hold from Python as well; the command line adds its options
            (`vlret/cli/hints.py`).
        code: a stable identifier such as "no_model", for programs and tests.
        fields: what the message speaks of, as values (`path=...`, `allowed=...`).
        exit_code: that of the command line; 1: nothing could be done, 2: wrong usage.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "", *, code: str = "", **fields: Any) -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
        self.code = code
        self.fields = fields

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the values, not the call: subclasses may be made from other arguments."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[VlretError], args: tuple[Any, ...], values: dict[str, Any]) -> VlretError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(values)
    return error


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


class DatabaseError(VlretError):
    """A database cannot be reached, or refuses what was asked of it."""


class RunnerError(VlretError):
    """A cluster cannot be reached, or parts of a run failed on it."""
