"""A Qdrant server, by its HTTP interface."""

from __future__ import annotations

import base64
import json
import os
import time
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from vlret.errors import DatabaseError, MissingExtraError, UsageError
from vlret.index.backends.address import Address
from vlret.index.backends.database_errors import no_table, other_dim, refused
from vlret.index.backends.qdrant_settings import INDEXING_KB, NEVER_KB, OVERSAMPLING, PAYLOAD_INDEXES, Payload
from vlret.types import Vectors

KEY = "QDRANT_API_KEY"
"""The environment variable of the API key."""
_SECONDS = 60
"""The longest wait for an answer."""
_POLL_SECONDS = 0.5
_PAGE = 50_000


class QdrantServer:
    """The collection `table` of vectors and the collection `table_files` of small files.

    Attributes:
        dim: dimensions of the vectors.
    """

    def __init__(self, address: Address, new_dim: int | None) -> None:
        """Connect; the collections are created, of `new_dim` dimensions, if they are missing."""
        self._shown, self._table, self._files = address.shown, address.table, f"{address.table}_files"
        self._client = _client(address)
        with self._explained():
            if not self._client.collection_exists(self._table):
                self._create(address, new_dim)
            found = self._client.get_collection(self._table).config.params.vectors
        if getattr(found, "distance", None) != "Dot":
            raise other_dim(address, 0, new_dim)
        self.dim: int = found.size

    def upsert(self, ids: list[int], vectors: Vectors, payloads: list[Payload]) -> None:
        """Write points; they are in the server's log, and searched, when this returns."""
        from qdrant_client.models import Batch

        batch = Batch(ids=[*ids], vectors=vectors.tolist(), payloads=payloads)
        with self._explained():
            self._client.upsert(self._table, batch, wait=True)

    def delete(self, ids: list[int]) -> None:
        """Delete points."""
        with self._explained():
            self._client.delete(self._table, ids, wait=True)

    def search(self, query: Vectors, k: int, only: list[int] | None, ef: int) -> list[tuple[float, int]]:
        """Scores and ids of the nearest."""
        from qdrant_client import models

        codes = models.QuantizationSearchParams(ignore=ef == 0, rescore=True, oversampling=OVERSAMPLING)
        chosen = None if only is None else models.Filter(must=[models.HasIdCondition(has_id=[*only])])
        with self._explained():
            points = self._client.query_points(
                self._table, query.tolist(), limit=k, query_filter=chosen, with_payload=False,
                search_params=models.SearchParams(hnsw_ef=ef or None, exact=ef == 0, quantization=codes),
            ).points  # fmt: skip
            return [(point.score, int(point.id)) for point in points]

    def page(self, first: int) -> tuple[list[int], int | None]:
        """The next ids."""
        with self._explained():
            points, after = self._client.scroll(
                self._table, limit=_PAGE, offset=first, with_payload=False, with_vectors=False
            )
            return [int(point.id) for point in points], after

    def vectors(self, ids: list[int]) -> dict[int, Sequence[float]]:
        """Vectors by id."""
        with self._explained():
            points = self._client.retrieve(self._table, ids, with_payload=False, with_vectors=True)
        return {point.id: point.vector for point in points}

    def count(self) -> int:
        """Number of points."""
        with self._explained():
            return int(self._client.count(self._table, exact=True).count)

    def optimize(self, approximate: bool) -> None:
        """Let the server build HNSW graphs, or not, and wait until it has nothing left to do."""
        from qdrant_client.models import OptimizersConfigDiff

        settings = OptimizersConfigDiff(indexing_threshold=INDEXING_KB if approximate else NEVER_KB)
        with self._explained():
            self._client.update_collection(self._table, optimizers_config=settings)
        while (status := self._status()) != "green":
            if status == "red":
                raise DatabaseError(
                    f"{self._shown} has failed to optimize its collection {self._table}.", "See the server's log.",
                    code="database_refused",
                )  # fmt: skip
            time.sleep(_POLL_SECONDS)

    def file_names(self) -> set[str]:
        """Names of the small files."""
        names: set[str] = set()
        after: Any = None
        while True:
            with self._explained():
                points, after = self._client.scroll(
                    self._files, limit=_PAGE, offset=after, with_payload=["name"]
                )
                names |= {point.payload["name"] for point in points}
            if after is None:
                return names

    def read_files(self, names: Collection[str]) -> dict[str, bytes]:
        """Small files by name, one a request."""
        read: dict[str, bytes] = {}
        for name in names:
            with self._explained():
                for point in self._client.retrieve(self._files, [_file_id(name)], with_payload=True):
                    read[name] = base64.b64decode(point.payload["data"], validate=True)
        return read

    def write_files(self, files: Mapping[str, bytes]) -> None:
        """Write small files, one a request."""
        from qdrant_client.models import PointStruct

        for name, data in files.items():
            payload = {"name": name, "data": base64.b64encode(data).decode()}
            with self._explained():
                self._client.upsert(self._files, [PointStruct(id=_file_id(name), vector={}, payload=payload)])

    def remove_files(self, names: Collection[str]) -> None:
        """Remove small files."""
        with self._explained():
            self._client.delete(self._files, [_file_id(name) for name in names])

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def _status(self) -> str:
        with self._explained():
            return str(self._client.get_collection(self._table).status)

    def _create(self, address: Address, dim: int | None) -> None:
        """Create the collections, that of the vectors last."""
        from qdrant_client import models

        if dim is None:
            raise no_table(address)
        if not self._client.collection_exists(self._files):
            self._client.create_collection(self._files, vectors_config={}, on_disk_payload=True)
        codes = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
        self._client.create_collection(
            self._table, models.VectorParams(size=dim, distance=models.Distance.DOT, on_disk=True),
            quantization_config=models.ScalarQuantization(scalar=codes), on_disk_payload=True,
            optimizers_config=models.OptimizersConfigDiff(indexing_threshold=NEVER_KB),
        )  # fmt: skip
        for name, kind in PAYLOAD_INDEXES.items():
            self._client.create_payload_index(self._table, name, models.PayloadSchemaType(kind))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """The client's errors, and those of points that vlret did not write."""
        from qdrant_client.common.client_exceptions import QdrantException
        from qdrant_client.http.exceptions import ApiException

        try:
            yield
        except (ApiException, QdrantException, ValueError, KeyError, TypeError) as error:
            raise _database_error(self._shown, error) from error


def _client(address: Address) -> Any:
    """A client without its warnings: it calls a key by HTTP insecure on this machine, too."""
    if find_spec("qdrant_client") is None:
        raise MissingExtraError(
            "A Qdrant server needs the package qdrant-client.", "Run: pip install 'vlret[qdrant]'",
            code="missing_package", package="qdrant-client",
        )  # fmt: skip
    from qdrant_client import QdrantClient

    _check_url(address)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        key = os.environ.get(KEY) or None
        return QdrantClient(url=address.location, api_key=key, timeout=_SECONDS, check_compatibility=False)


def _check_url(address: Address) -> None:
    with suppress(ValueError):  # of a port that is none
        url = urlsplit(address.location)
        if url.scheme in ("http", "https") and url.hostname and url.port != 0 and url.username is None:
            return
    raise UsageError(
        f"{address.shown} is no address of a Qdrant server.",
        f"Give qdrant:http://HOST:6333 or https; the server's key stands in the environment variable {KEY}.",
        code="bad_address", address=address.shown,
    )  # fmt: skip


def _file_id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def _database_error(shown: str, error: Exception) -> DatabaseError:
    """What became of a request; the text of the client's errors holds no headers, and so no key."""
    import httpx

    status, source = getattr(error, "status_code", None), getattr(error, "source", error)
    if status in (401, 403):
        return DatabaseError(
            f"{shown} wants another API key.", f"Set {KEY} in the environment.", code="database_key"
        )
    if isinstance(source, httpx.TimeoutException):
        return DatabaseError(
            f"{shown} has not answered within {_SECONDS} s.", "Look how busy it is, and try again.",
            code="database_timeout",
        )  # fmt: skip
    if isinstance(source, httpx.TransportError):
        return DatabaseError(
            f"{shown} cannot be reached: {source}.", "Start the server, or correct the address.",
            code="database_unreachable",
        )  # fmt: skip
    return refused(
        shown, _said(error), "Look whether it is a Qdrant server of about qdrant-client's version."
    )


def _said(error: Exception) -> Exception:
    """What a server says in its answer, or else what the client says."""
    with suppress(AttributeError, ValueError, KeyError, TypeError):
        return RuntimeError(json.loads(error.content)["status"]["error"])  # type: ignore[attr-defined]
    return getattr(error, "source", error)
