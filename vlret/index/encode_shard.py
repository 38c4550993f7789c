"""One shard of a library on one worker: a list of files in, one Parquet file and its commit marker out."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import pyarrow as pa

from vlret.errors import UsageError
from vlret.index.encode import Encoded, FileEncoded
from vlret.index.encode_files import FileToEncode, encode_files
from vlret.index.fingerprint import file_state, is_readable
from vlret.index.json_fields import from_fields, parse_json
from vlret.index.manifest import FileEntry, IndexRecipe
from vlret.index.parquet_file import write_parquet
from vlret.index.plan import readable
from vlret.index.shard_files import read_file, write_file
from vlret.index.store import check_digest
from vlret.index.tables import FileClips, FileRow, clip_table, shard_schema
from vlret.media.pool import DecodePool, FileFailed
from vlret.models.base import Embedder
from vlret.models.registry import load_model
from vlret.text import is_utf8_text
from vlret.types import as_path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_STATE = re.compile(r"([0-9]{1,18}) (-?[0-9]{1,19})")
_MOST_MARKER_BYTES = 2**26


@dataclass(frozen=True, slots=True)
class FilePart:
    """A media file by its absolute path, or those of its clips that start in `[start, end)` seconds."""

    path: Path
    start: float = 0.0
    end: float = math.inf


@dataclass(frozen=True, slots=True)
class ShardSpec:
    """What one worker encodes; picklable. `name` is that of its files, unique in their directory."""

    name: str
    parts: tuple[FilePart, ...]
    recipe: IndexRecipe

    def __post_init__(self) -> None:
        """Raise `UsageError` for a name that is not a plain file name, or a relative path."""
        if not _NAME.fullmatch(self.name):
            raise UsageError(
                f"A shard was named {self.name!r}.", "Use letters, digits, '.', '_' and '-'.",
                code="bad_shard_name", given=self.name,
            )  # fmt: skip
        for part in self.parts:
            if not part.path.is_absolute():
                raise UsageError(
                    f"The path {part.path} of shard {self.name} is relative.",
                    "Give an absolute path: workers have other working directories.",
                    code="relative_path", path=part.path,
                )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EncodedPart:
    """What became of a `FilePart`: `rows` clips, or the `reason` why there is none.

    `warning` describes damage. `retry`: the file may be good, the next call tries it again. `state` is the size in
    bytes and the time of change in nanoseconds of the file when it was encoded, "" where it could not be looked at.
    """

    path: str
    start: float
    end: float | None
    rows: int = 0
    reason: str = ""
    warning: str = ""
    retry: bool = False
    state: str = ""
    fingerprint: str = ""

    @property
    def size_and_mtime_ns(self) -> tuple[int, int]:
        """The numbers of `state`; (-1, -1) where there are none."""
        found = _STATE.fullmatch(self.state)
        return (int(found[1]), int(found[2])) if found else (-1, -1)


@dataclass(frozen=True, slots=True)
class ShardMarker:
    """The commit marker of a shard: its Parquet file `table`, and its parts in the order of their rows.

    `inputs` is a hash of the spec and of the size and time of change of each file. A shard without a marker
    does not exist.
    """

    inputs: str
    table: FileEntry
    parts: tuple[EncodedPart, ...]

    def is_of(self, spec: ShardSpec) -> bool:
        """Whether the shard was made from these parts and this recipe."""
        states = [part.state for part in self.parts]
        return len(states) == len(spec.parts) and self.inputs == _hash(spec, states)


def encode_shard(
    spec: ShardSpec,
    out: str | Path,
    model: Embedder | None = None,
    workers: int = 1,
    on_event: Callable[[Encoded], None] = lambda _: None,
    pool: DecodePool | None = None,
) -> ShardMarker:
    """Encode the parts of `spec` into `out/NAME-HASH.parquet` and commit it by `out/NAME.json`.

    The columns are those of an index's shard, without clip_id and root, and with absolute paths; the rows are
    in the order of the spec. Repeating the call, here or on another machine, is harmless: a committed shard
    whose files are unchanged is returned as it is. A kill at any moment leaves no marker of an incomplete shard.

    Args:
        out: directory of the shards, created if missing, or an address such as `s3://bucket/shards`.
        model: the model of the recipe; None: loaded by its name, once in a process.
        workers: decoding processes.
        on_event: called with each file, and each batch of clips, as it is encoded.
        pool: that of so many workers; None: one for this shard.

    Raises:
        ModelError: the model cannot be loaded.
        IndexFolderError: it is not the model of the recipe, or `out` cannot be read.
        OutputError: `out` cannot be written.
    """
    folder = as_path(out, "The directory of the shards")
    files, inputs = _inputs(spec)
    done = _committed(folder, spec.name, inputs)
    if done is not None:
        return done
    embedder = model or _loaded(spec.recipe.model, spec.recipe.dtype)
    spec.recipe.require_card(folder, embedder.card)
    with nullcontext(pool) if pool else DecodePool(workers) as decoders:
        encoded = list(_encoded(files, spec.recipe, embedder, decoders, workers, on_event))
    clips = [file for _, file in encoded if file is not None]
    table = clip_table(clips) if clips else shard_schema(spec.recipe.card.dim).empty_table()
    entry = _write_table(folder, spec.name, table, inputs)
    marker = ShardMarker(inputs, entry, tuple(part for part, _ in encoded))
    write_file(folder / f"{spec.name}.json", json.dumps(asdict(marker), indent=2).encode())
    return marker


def committed_shard(spec: ShardSpec, out: str | Path) -> ShardMarker | None:
    """The marker of a shard that `encode_shard` would return as it is; None: it would encode it."""
    return _committed(as_path(out, "The directory of the shards"), spec.name, _inputs(spec)[1])


def _inputs(spec: ShardSpec) -> tuple[list[FileToEncode], str]:
    """The files of a shard in their state now, and the hash of both."""
    files = [_file(part) for part in spec.parts]
    return files, _hash(spec, [_state(file) for file in files])


def _file(part: FilePart) -> FileToEncode:
    """The part with the state of its file now."""
    try:
        size, mtime_ns = file_state(part.path)
    except OSError:  # reported when it is encoded
        size, mtime_ns = -1, -1
    is_whole = (part.start, part.end) == (0.0, math.inf)
    return FileToEncode(part.path, size, mtime_ns, None if is_whole else (part.start, part.end))


def _encoded(
    files: list[FileToEncode],
    recipe: IndexRecipe,
    embedder: Embedder,
    pool: DecodePool,
    workers: int,
    on_event: Callable[[Encoded], None],
) -> Iterator[tuple[EncodedPart, FileClips | None]]:
    """What became of each file, in order, with its rows."""
    named = [file for file in files if is_utf8_text(str(file.path))]
    of: dict[object, FileEncoded | FileFailed] = {}
    with closing(encode_files(named, recipe, embedder, pool, workers)) as events:
        for event in events:
            on_event(event)
            if isinstance(event, (FileEncoded, FileFailed)):
                of[event.job.path, event.job.within] = event
    for file in files:
        yield _part(file, of.get((file.path, file.within)))


def _part(file: FileToEncode, event: FileEncoded | FileFailed | None) -> tuple[EncodedPart, FileClips | None]:
    start, end = file.within or (0.0, math.inf)
    place = (str(readable(file.path)), start, None if end == math.inf else end)
    state = _state(file)
    if event is None:
        return EncodedPart(*place, reason="its name is not UTF-8", state=state), None
    if isinstance(event, FileFailed):
        retry = event.retry or not is_readable(file.path)
        return EncodedPart(*place, reason=event.reason, retry=retry, state=state), None
    row = FileRow(0, str(file.path), file.size, file.mtime_ns)
    clips = FileClips(row, event.fingerprint, 0, event.clips, event.vectors, event.info)
    return EncodedPart(
        *place, rows=len(event.clips), warning=event.warning or "", state=state, fingerprint=event.fingerprint
    ), clips


def _state(file: FileToEncode) -> str:
    return f"{file.size} {file.mtime_ns}" if file.size >= 0 else ""


def _write_table(folder: Path, name: str, table: pa.Table, inputs: str) -> FileEntry:
    """A Parquet file named by its content, so that two workers with the same shard do not overwrite each other."""
    data = write_parquet(table.drop_columns(["clip_id", "root"]), inputs[:32])
    digest = hashlib.sha256(data).hexdigest()
    entry = FileEntry(f"{name}-{digest[:16]}.parquet", table.num_rows, len(data), digest)
    write_file(folder / entry.name, data)
    return entry


def _committed(folder: Path, name: str, inputs: str) -> ShardMarker | None:
    """The marker of a shard made from these inputs, if there is one and its table is whole."""
    marker = read_marker(folder, name)
    if marker is None or marker.inputs != inputs or any(part.retry for part in marker.parts):
        return None
    try:
        table = read_file(folder / Path(marker.table.name).name, marker.table.bytes)
        check_digest(BytesIO(table), marker.table)
    except (OSError, ValueError):  # missing or cut
        return None
    return marker


def read_marker(folder: Path, name: str) -> ShardMarker | None:
    """The marker of a shard; None: it is missing, cut, or of another vlret.

    Raises:
        IndexFolderError: it is a link, a FIFO or a device, or at an address that cannot be read.
    """
    try:
        return from_fields(ShardMarker, parse_json(read_file(folder / f"{name}.json", _MOST_MARKER_BYTES)))
    except (OSError, ValueError):
        return None


def _hash(spec: ShardSpec, states: Sequence[str]) -> str:
    """64 hex digits over the parts, the state of their files, and the recipe."""
    parts = [(str(part.path), part.start, part.end, state)
             for part, state in zip(spec.parts, states, strict=True)]  # fmt: skip
    recipe = {**asdict(spec.recipe), "card": spec.recipe.card.to_dict()}
    return hashlib.sha256(json.dumps([parts, recipe], sort_keys=True).encode()).hexdigest()


@lru_cache(1)
def _loaded(model: str, dtype: str) -> Embedder:
    return load_model(model, dtype=dtype)
