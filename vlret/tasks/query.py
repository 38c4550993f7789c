"""What a query means: words to embed, or the path of an image or video."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import dropwhile
from pathlib import Path

from vlret.errors import MediaError, UsageError
from vlret.media.sources import MEDIA_SUFFIXES, UNREAD_SUFFIXES
from vlret.remote_path import RemotePath, path_of
from vlret.tasks.index_model import is_index

_FILE_SUFFIXES = MEDIA_SUFFIXES | UNREAD_SUFFIXES
_AT_ROOT = re.compile(r"/|\.{1,2}[/\\]|~[/\\]|\\\\|[A-Za-z]:[/\\]|\w+://")


def file_of(query: str) -> Path | None:
    """The file or address that `query` names, whatever its suffix, or None where it is a sentence.

    Raises:
        UsageError: `query` names a folder.
        MediaError: `query` looks like a path, and nothing is there: it begins at a root, its folder exists, or
            it ends like a media file.
    """
    path = path_of(os.path.expanduser(query))
    if isinstance(path, RemotePath):
        return path
    if os.path.isdir(path):
        if is_index(path):
            raise UsageError(
                f"{query} is an index, not a query.",
                "Indexes come first, before the query.",
                code="index_as_query",
                path=path,
            )
        hint = "Give one image or video. If you mean the word, write it in a sentence."
        raise UsageError(f"{query} is a directory.", hint, code="directory_as_query", path=path)
    if os.path.exists(path):
        return path
    if _looks_like_a_path(query):
        raise MediaError(
            f"{query} does not exist.",
            "Give a file on this machine, or a description in words.",
            code="file_missing",
            path=path,
        )
    return None


def split_words(index: str | Path, words: Sequence[str]) -> tuple[list[str | Path], str]:
    """The indexes and the query of a command line: `index` and the indexes that follow it, and the other words.

    Raises:
        UsageError: nothing follows the indexes; or as `one_query`.
    """
    rest = list(dropwhile(is_index, words)) if is_index(index) else list(words)
    if not rest:
        raise UsageError(
            "No query was given.", "Give a sentence, or the path of an image or video.", code="no_query"
        )
    indexes = [index, *words[: len(words) - len(rest)]]
    return indexes, one_query(index, rest)


def one_query(index: str | Path, words: Sequence[str]) -> str:
    """The words after `index` on a command line as one query: a sentence needs no quotes, a file stands alone.

    Raises:
        UsageError: an index or a file stands among other words, or the index does not come first.
    """
    last = next((word for word in words if is_index(word)), None)
    if last is not None and not is_index(index):
        raise UsageError(
            f"{last} is the index, and comes first.",
            f"Write: vlret search {last} {str(index)!r}",
            code="index_not_first",
            path=last,
        )
    for word in words if len(words) > 1 else ():
        if is_index(word):
            raise UsageError(
                f"{word} is an index, too.",
                "Indexes come first, before the words of the query.",
                code="two_indexes",
                path=word,
            )
        if _looks_like_a_path(word):
            raise UsageError(
                f"{word} was given as a file among other words.",
                "Give it alone.",
                code="file_among_words",
                path=word,
            )
    return " ".join(words)


def _looks_like_a_path(text: str) -> bool:
    if not text.strip("/\\."):
        return False
    folder, name = os.path.split(text)
    return (
        _AT_ROOT.match(text) is not None
        or os.path.splitext(name)[1].lower() in _FILE_SUFFIXES
        or (folder != "" and os.path.isdir(folder))
    )
