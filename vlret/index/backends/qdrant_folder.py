"""Qdrant's engine in this process, over a directory."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from vlret.errors import DatabaseError, MissingExtraError
from vlret.files import TEMPORARY, replace_file
from vlret.index.backends.address import Address
from vlret.index.backends.database import MOST_FILE_BYTES
from vlret.index.backends.database_errors import no_table, other_dim, refused
from vlret.index.backends.qdrant_settings import INDEXING_KB, NEVER_KB, OVERSAMPLING, Payload
from vlret.index.plain_files import read_plain
from vlret.types import Vectors

_CONFIG = "edge_config.json"
_UNFINISHED = "temp_segments"
"""Where the engine builds segments; it leaves there what it was stopped at."""
_PAGE = 50_000
_ENGINE_ERRORS = ("Exception", "PanicException")
"""Types of what the engine raises; it has no classes of its own that could be imported."""


class _Shard:
    """An open shard, shared by all who open it in this process: the engine opens it once.

    Attributes:
        engine: the `EdgeShard`.
    """

    def __init__(self, engine: Any, folder: int) -> None:
        """`folder`: a descriptor of its directory, so that no other directory gets its number meanwhile."""
        self.engine, self._folder = engine, folder

    def is_at(self, path: Path) -> bool:
        """Whether `path` is the directory of the shard, and not one that was put in its place."""
        return os.path.samestat(os.fstat(self._folder), path.stat())

    def __del__(self) -> None:
        self.engine.close()
        os.close(self._folder)


_SHARDS: WeakValueDictionary[Path, _Shard] = WeakValueDictionary()
_OPENING = Lock()


def _opened(edge: Any, path: Path) -> _Shard:
    with _OPENING:
        shard = _SHARDS.get(path)
        if shard is None or not shard.is_at(path):
            engine = edge.EdgeShard.load(str(path))
            _SHARDS[path] = shard = _Shard(engine, os.open(path, os.O_RDONLY))
        return shard


class QdrantFolder:
    """A shard in `folder/table`, and small files in `folder/table_files`.

    The engine locks the shard: one process at a time has it open, to search or to write.

    Attributes:
        dim: dimensions of the vectors.
    """

    def __init__(self, address: Address, new_dim: int | None) -> None:
        """Open the shard, or create one of `new_dim` dimensions if it is missing."""
        self._edge = _engine()
        folder, self._shown = Path(address.location).expanduser().resolve(), address.shown
        self._path, self._files = folder / address.table, folder / f"{address.table}_files"
        if not self._path.is_dir():
            if new_dim is None:
                raise no_table(address)
            self._create(new_dim)
        with self._explained():
            self._shard = _opened(self._edge, self._path)
            self.dim = _dim(self._path)
        if not self.dim:
            raise other_dim(address, 0, new_dim)

    def upsert(self, ids: list[int], vectors: Vectors, payloads: list[Payload]) -> None:
        """Write points; they are on disk when this returns."""
        rows = zip(ids, vectors.tolist(), payloads, strict=True)
        points = [self._edge.Point(clip_id, vector, payload) for clip_id, vector, payload in rows]
        self._update(self._edge.UpdateOperation.upsert_points(points))

    def delete(self, ids: list[int]) -> None:
        """Delete points."""
        self._update(self._edge.UpdateOperation.delete_points(ids))

    def search(self, query: Vectors, k: int, only: list[int] | None, ef: int) -> list[tuple[float, int]]:
        """Scores and ids of the nearest."""
        edge = self._edge
        codes = edge.QuantizationSearchParams(ignore=ef == 0, rescore=True, oversampling=OVERSAMPLING)
        request = edge.QueryRequest(
            limit=k,
            query=edge.Query.Nearest(query.tolist()),
            filter=None if only is None else edge.Filter(must=[edge.HasIdCondition(set(only))]),
            params=edge.SearchParams(hnsw_ef=ef or None, exact=ef == 0, quantization=codes),
        )
        with self._explained():
            return [(point.score, int(point.id)) for point in self._shard.engine.query(request)]

    def page(self, first: int) -> tuple[list[int], int | None]:
        """The next ids."""
        request = self._edge.ScrollRequest(offset=first, limit=_PAGE, with_payload=False, with_vector=False)
        with self._explained():
            points, after = self._shard.engine.scroll(request)
            return [int(point.id) for point in points], after

    def vectors(self, ids: list[int]) -> dict[int, Sequence[float]]:
        """Vectors by id."""
        with self._explained():
            points = self._shard.engine.retrieve(ids, with_payload=False, with_vector=True)
        return {point.id: point.vector for point in points}

    def count(self) -> int:
        """Number of points."""
        with self._explained():
            return int(self._shard.engine.count(self._edge.CountRequest()))

    def optimize(self, approximate: bool) -> None:
        """Merge segments and, if `approximate`, build their HNSW graphs; not beside a search."""
        with self._explained():
            self._shard.engine.close()
            config = _config(self._edge, self.dim, INDEXING_KB if approximate else NEVER_KB)
            self._shard.engine = self._edge.EdgeShard.load(str(self._path), config)
            shutil.rmtree(self._path / _UNFINISHED, ignore_errors=True)
            self._shard.engine.optimize()
            self._shard.engine.flush()

    def file_names(self) -> set[str]:
        """Names of the small files."""
        with self._explained():
            return {path.name for path in self._files.glob("*") if path.suffix != TEMPORARY}

    def read_files(self, names: Collection[str]) -> dict[str, bytes]:
        """Small files by name."""
        with self._explained():
            known = self.file_names().intersection(names)
            return {name: read_plain(self._files / name, MOST_FILE_BYTES) for name in known}

    def write_files(self, files: Mapping[str, bytes]) -> None:
        """Write small files, each whole or not at all."""
        for name, data in files.items():
            replace_file(self._files / name, data)

    def remove_files(self, names: Collection[str]) -> None:
        """Remove small files."""
        with self._explained():
            for name in self.file_names().intersection(names):
                (self._files / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Give the shard up; the last one in this process closes it."""
        del self._shard

    def _update(self, operation: Any) -> None:
        """Apply and flush, so that opening after a stop has little of the engine's log to repeat."""
        with self._explained():
            self._shard.engine.update(operation)
            self._shard.engine.flush()

    def _create(self, dim: int) -> None:
        """Create the shard beside its place, so that a stop leaves none or a whole one."""
        new = self._path.with_name(self._path.name + TEMPORARY)
        with self._explained():
            shutil.rmtree(new, ignore_errors=True)
            self._edge.EdgeShard.create(str(new), _config(self._edge, dim, NEVER_KB)).close()
            new.rename(self._path)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """The engine's errors, which are plain `Exception`s, and those of the file system."""
        try:
            yield
        except BaseException as error:
            if "WouldBlock" in str(error):
                raise DatabaseError(
                    f"Another process has {self._shown} open.",
                    "End it first, or use a Qdrant server, which many processes may search at once.",
                    code="database_in_use", address=self._shown,
                ) from error  # fmt: skip
            if type(error).__name__ not in _ENGINE_ERRORS and not isinstance(
                error, OSError | ValueError | KeyError
            ):
                raise
            hint = "Check that it can be written; if it is damaged, delete it and push the index again."
            raise refused(self._shown, RuntimeError(error), hint) from error


def _engine() -> Any:
    if find_spec("qdrant_edge") is None:
        raise MissingExtraError(
            "Qdrant's engine needs the package qdrant-edge-py.", "Run: pip install 'vlret[qdrant]'",
            code="missing_package", package="qdrant-edge-py",
        )  # fmt: skip
    import qdrant_edge

    return qdrant_edge


def _config(edge: Any, dim: int, indexing_kb: int) -> Any:
    """Vectors on disk; where they have an HNSW graph, their int8 codes are in memory."""
    memory = edge.Memory
    codes = edge.ScalarQuantizationConfig(edge.ScalarType.Int8, quantile=0.99, memory=memory.Pinned)
    vectors = edge.EdgeVectorParams(
        size=dim, distance=edge.Distance.Dot, quantization_config=codes, memory=memory.Cold
    )
    return edge.EdgeConfig(vectors, optimizers=edge.EdgeOptimizersConfig(indexing_threshold=indexing_kb))


def _dim(path: Path) -> int:
    """Dimensions of the vectors, from the shard's configuration; 0: they are not vlret's."""
    vectors = json.loads((path / _CONFIG).read_bytes())["vectors"].get("", {})
    return int(vectors["size"]) if vectors.get("distance") == "Dot" else 0
