"""Directories: with a table, with tars, or with media files that have a text file of the same name beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator

from vlret.errors import UsageError
from vlret.storage import file_system, files_below, files_in, reading, shown
from vlret.text import is_utf8_text
from vlret.training.pairs.clip_media import ClipMedia
from vlret.training.pairs.row import Row
from vlret.training.pairs.samples import Part, sample_rows, unusable
from vlret.training.pairs.tables import is_table, read_table
from vlret.training.pairs.tar_index import TEXT_SUFFIXES
from vlret.training.pairs.tars import read_tars

TABLES = ("captions.jsonl", "qa.jsonl", "metadata.*")
NOT_UTF8 = "file whose name is not UTF-8"


def read_folder(folder: str) -> Iterator[Row]:
    """Yield the rows of a directory: of the first of `TABLES` that it has, else of its tars, else of its media files.

    Media files, also those in directories below, have a text file of the same name beside them.

    Raises:
        UsageError: it has none of these, or as `read_table` and `read_tars`.
    """
    tables = [file for pattern in TABLES for file in files_in(folder, pattern) if is_table(file)]
    if tables:
        yield from read_table(tables[0])
    elif files_in(folder, "*.tar"):
        yield from read_tars(f"{folder}/*.tar")
    else:
        yield from _loose_rows(folder)


def _loose_rows(folder: str) -> Iterator[Row]:
    files, names = file_system(folder)[0], files_below(folder)
    said = [name for name in names if name.lower().endswith(TEXT_SUFFIXES)]
    if not said:
        raise UsageError(
            f"{shown(folder)} has no table, no tar and no text files beside media files.",
            "Put captions into NAME.txt beside NAME.mp4, or into captions.jsonl.",
            code="no_dataset",
            path=shown(folder),
        )
    with reading(folder):
        texts = {name: files.cat_file(name).decode("utf-8-sig", "replace") for name in said}
    good = [name for name in names if is_utf8_text(name)]
    yield from sample_rows(_part(folder, name, texts.get(name)) for name in good)
    yield from (unusable(ClipMedia("", ""), NOT_UTF8) for _ in range(len(names) - len(good)))


def _part(folder: str, location: str, text: str | None) -> Part:
    key, suffix = os.path.splitext(location)
    name = file_system(location)[1].removeprefix(file_system(folder)[1]).lstrip("/")
    return Part(key, suffix.lower(), ClipMedia(name, location), text)
