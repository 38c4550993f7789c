"""Datasets of photographs or clips in tar shards beside JSON Lines with captions, labels or questions."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from vlret.datasets.files import parse_rows, read_records, text_of
from vlret.errors import UsageError

_AGAIN = "Download the dataset again."


@dataclass(frozen=True, slots=True)
class Item:
    """One photograph or clip: where it lies and what is said of it.

    `questions` holds (question, answers) pairs.
    """

    name: str
    shard: Path
    split: str
    captions: tuple[str, ...] = ()
    label: str = ""
    questions: tuple[tuple[str, tuple[str, ...]], ...] = ()


def read_items(folder: str | Path, file: str = "captions.jsonl", split: str | None = None) -> list[Item]:
    """Items of `captions.jsonl`, `labels.jsonl` or `qa.jsonl` in `folder`, all or those of one split.

    Raises:
        UsageError: the file is missing.
        DatasetError: a row of it is not as it should be; the message names the row.
    """
    lines = Path(folder) / file
    if not lines.is_file():
        raise UsageError(
            f"{lines} is missing.",
            "Give the directory of a dataset with this file and its tar shards.",
            code="annotations_missing",
            path=lines,
        )
    items = parse_rows(lines, read_records(lines), lambda record: _item(record, Path(folder)))
    return [item for item in items if split in (None, item.split)]


def read_bytes(items: Iterable[Item]) -> Iterator[bytes]:
    """The file of each item, in the order of `items`; each shard is opened once.

    Raises:
        UsageError: a shard is missing or damaged, or a file is not in it.
    """
    with ExitStack() as stack:
        shards: dict[Path, tarfile.TarFile] = {}
        for item in items:
            if item.shard not in shards:
                shards[item.shard] = stack.enter_context(_opened(item.shard))
            yield _read(shards[item.shard], item)


def _opened(shard: Path) -> tarfile.TarFile:
    if not shard.is_file():
        raise UsageError(f"{shard} is missing.", _AGAIN, code="shard_missing", path=shard)
    try:
        return tarfile.open(shard)
    except tarfile.TarError as error:
        raise UsageError(f"{shard} is not a tar file.", _AGAIN, code="shard_damaged", path=shard) from error


def _read(shard: tarfile.TarFile, item: Item) -> bytes:
    try:
        member = shard.extractfile(item.name)
        content = member.read() if member else b""
    except (KeyError, tarfile.TarError):
        content = b""
    if not content:
        raise UsageError(
            f"{item.shard} has no complete file {item.name}.", _AGAIN, code="shard_damaged", path=item.shard
        )
    return content


def _item(record: dict[str, object], folder: Path) -> Item:
    questions = record.get("qa", [])
    return Item(
        name=str(record.get("image") or record["video"]),
        shard=folder / str(record["shard"]),
        split=str(record["split"]),
        captions=_texts(record.get("captions", [])),
        label=str(record.get("label", "")),
        questions=tuple((q["question"], _texts(q["answers"])) for q in questions),  # type: ignore[attr-defined]
    )


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):  # the letters of a text would pass for texts
        raise TypeError(f"{values!r} is not a list of texts")
    for value in values:
        text_of(value)  # as they stand: training and results depend on each blank
    return tuple(values)
