"""The clips of a dataset with their pairs, held as Arrow columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vlret.text import printable
from vlret.training.pairs.clip_media import ClipMedia
from vlret.training.pairs.row import Pair, Row
from vlret.training.pairs.splits import DEV, TEST, TRAIN, split_of

ROWS_AT_ONCE = 50_000
EMPTY = "empty caption"
_SCHEMA = pa.schema(
    {
        "clip_id": pa.int64(), "file_id": pa.int64(), "split": pa.string(), "name": pa.string(),
        "location": pa.string(), "offset": pa.int64(), "size": pa.int64(), "start": pa.float64(), "end": pa.float64(),
        "query": pa.string(), "text": pa.string(),
    }
)  # fmt: skip


@dataclass(frozen=True)
class PairSet:
    """One dataset, or a split of it.

    Attributes:
        name: as the recipe names it.
        clips: one row a clip, with a list of queries and one of texts.
        dropped: pairs that were left out, by reason.
    """

    name: str
    clips: pa.Table
    dropped: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.clips)

    @cached_property
    def clip_ids(self) -> NDArray[np.int64]:
        """int64 [clips], each once."""
        return np.asarray(self.clips["clip_id"], np.int64)

    @cached_property
    def file_ids(self) -> NDArray[np.int64]:
        """int64 [clips], equal for the clips of a file."""
        return np.asarray(self.clips["file_id"], np.int64)

    @cached_property
    def splits(self) -> NDArray[np.str_]:
        """The split of each clip, [clips]."""
        return np.array(self.clips["split"].to_pylist(), np.str_)

    def of(self, split: str) -> PairSet:
        """Return the clips of one split; what was dropped counts as of `train`."""
        return replace(
            self.where(self.splits == split), dropped=self.dropped if split == TRAIN else Counter()
        )

    def where(self, wanted: NDArray[np.bool_]) -> PairSet:
        """Return the clips of a mask [clips]."""
        return PairSet(self.name, self.clips.filter(wanted))

    def without(self, unwanted: NDArray[np.bool_], reason: str) -> PairSet:
        """Return the clips that are not in the mask `unwanted` [clips]; those in it are counted under `reason`."""
        dropped = self.dropped + Counter({reason: int(unwanted.sum())})
        return replace(self.where(~unwanted), dropped=dropped)

    def media(self, number: int) -> ClipMedia:
        """Return where a clip lies."""
        names = ("name", "location", "offset", "size", "start", "end")
        return ClipMedia(*(self.clips[name][number].as_py() for name in names))

    def pairs(self, number: int) -> list[Pair]:
        """Return the pairs of a clip, at least one."""
        queries, texts = (self.clips[name][number].as_py() for name in ("query", "text"))
        return list(zip(queries, texts, strict=True))


def pair_set(name: str, rows: Iterable[Row]) -> PairSet:
    """Return the clips of `rows`, in order of their first row; pairs without text are dropped and counted."""
    dropped: Counter[str] = Counter()
    tables = [pa.Table.from_pylist(part, _SCHEMA) for part in _parts(_records(rows, dropped))]
    pairs = pa.concat_tables([_SCHEMA.empty_table(), *tables])
    pairs = pairs.append_column("row", pa.array(np.arange(len(pairs))))
    once = [column for column in _SCHEMA.names if column not in ("clip_id", "split", "query", "text")]
    chosen = [(column, "first") for column in once] + [("query", "list"), ("text", "list"), ("row", "min")]
    clips = pairs.group_by(["clip_id", "split"], use_threads=False).aggregate(chosen)
    names = {f"{column}_{how}": column for column, how in chosen}
    renamed = clips.rename_columns([names.get(column, column) for column in clips.column_names])
    # groups come out of a hash table, in an order that depends on the paths of this machine
    return PairSet(name, renamed.sort_by("row").drop_columns("row").combine_chunks(), dropped)


def _records(rows: Iterable[Row], dropped: Counter[str]) -> Iterator[dict[str, object]]:
    for row in rows:
        if row.problem:
            dropped[row.problem] += 1
        shared = _shared(row)
        if shared["split"] not in (TRAIN, DEV, TEST):
            dropped[f"split {printable(shared['split'])!r}, none of {TRAIN}, {DEV} and {TEST}"] += 1
        for query, text in row.pairs:
            if text.strip():
                yield {**shared, "query": " ".join(query.split()), "text": " ".join(text.split())}
            else:
                dropped[EMPTY] += 1


def _shared(row: Row) -> dict[str, object]:
    media = row.media
    ids = {"clip_id": media.clip_id, "file_id": media.file_id, "split": split_of(row.split, media.name)}
    place = {"offset": media.offset, "size": media.size, "start": media.start, "end": media.end}
    return {**ids, "name": media.name, "location": media.location, **place}


def _parts(records: Iterator[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    while part := list(islice(records, ROWS_AT_ONCE)):
        yield part
