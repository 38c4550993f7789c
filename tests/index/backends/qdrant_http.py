"""An HTTP server with the part of Qdrant's interface that vlret uses, over Qdrant's engine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

import qdrant_edge as edge
from qdrant_client import models

MOST_BYTES = 32 << 20
"""The longest request that a server takes by default."""


class Server(ThreadingHTTPServer):
    """Qdrant with a few collections.

    Attributes:
        key: API key that a request must carry.
        failures: statuses that the next requests get.
        pause_s: before each answer.
        requests: method and path of each request.
    """

    daemon_threads = True

    def __init__(self, folder: Path, key: str | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.key, self.failures, self.requests = folder, key, [], []
        self.pause_s = 0.0
        self.collections: dict[str, Collection] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving(folder: Path, key: str | None = None) -> Iterator[Server]:
    """A server in a thread of this process, with its shards in `folder`."""
    server = Server(folder, key)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(size) or b"null")
        path = self.path.partition("?")[0]
        server = self.server
        time.sleep(server.pause_s)
        server.requests.append((self.command, path))
        if server.key not in (None, self.headers.get("api-key")):
            return self._send(401, {"status": {"error": "Must provide an API key"}})
        if server.failures:
            return self._send(
                server.failures.pop(0), {"status": {"error": "Service internal error: asked for"}}
            )
        if size > MOST_BYTES:
            return self._send(413, {"status": {"error": "Payload too large"}})
        try:
            result = _result(server, self.command, path.strip("/").split("/")[1:], body)
        except Exception as error:  # noqa: BLE001 - the engine has no class of its own
            return self._send(404 if isinstance(error, KeyError) else 400, {"status": {"error": str(error)}})
        return self._send(200, {"result": result, "status": "ok", "time": 0.0})

    def _send(self, status: int, document: dict) -> None:
        data = json.dumps(document, default=_json).encode()
        self.send_response(status)
        if status == 429:
            self.send_header("retry-after", "1")
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        with suppress(BrokenPipeError):  # a client that waits no longer
            self.wfile.write(data)


def _json(value: models.VectorParams | UUID) -> object:
    return str(value) if isinstance(value, UUID) else value.model_dump(mode="json")


def _result(server: Server, method: str, path: list[str], body: dict | None):
    """The answer to one request, whose form is that of the client's own models."""
    name, what = path[0], f"{method} {'/'.join(path[1:])}".strip()
    if what == "GET exists":
        return {"exists": name in server.collections}
    if what == "PUT":
        server.collections[name] = Collection(server.folder / name, models.CreateCollection(**body))
        return True
    if name not in server.collections:
        raise KeyError(f"Collection `{name}` doesn't exist!")
    return _ANSWERS[what](server.collections[name], body)


class Collection:
    """Points in a shard of Qdrant's engine; without vectors: in a dictionary.

    Attributes:
        settings: as created and updated.
        indexes: kinds of payload indexes by field.
        statuses: what clients are told next; green when none is left.
    """

    def __init__(self, folder: Path, wanted: models.CreateCollection) -> None:
        self.settings, self.indexes, self.statuses = wanted, {}, []
        self.points: dict[str, models.PointStruct] = {}
        if isinstance(wanted.vectors, models.VectorParams):
            folder.mkdir()
            sizes = edge.EdgeVectorParams(wanted.vectors.size, edge.Distance.Dot)
            self.shard = edge.EdgeShard.create(str(folder), edge.EdgeConfig(sizes))

    def info(self, _: None) -> dict:
        hnsw = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000}
        optimizers = {
            "deleted_threshold": 0.2,
            "vacuum_min_vector_number": 1000,
            "default_segment_number": 0,
            "flush_interval_sec": 5,
        }
        params = {"vectors": self.settings.vectors}
        config = {"params": params, "hnsw_config": hnsw, "optimizer_config": optimizers}
        status = self.statuses.pop(0) if self.statuses else "green"
        state = {"status": status, "optimizer_status": "ok", "segments_count": 1, "payload_schema": {}}
        return {**state, "config": config}

    def update(self, body: dict) -> bool:
        wanted = models.UpdateCollection(**body)
        self.settings.optimizers_config = wanted.optimizers_config
        return True

    def index(self, body: dict) -> dict:
        wanted = models.CreateFieldIndex(**body)
        self.indexes[wanted.field_name] = str(wanted.field_schema)
        return _DONE

    def upsert(self, body: dict) -> dict:
        if "points" in body:
            self.points |= {point.id: point for point in models.PointsList(**body).points}
            return _DONE
        batch = models.PointsBatch(**body).batch
        rows = zip(batch.ids, batch.vectors, batch.payloads, strict=True)
        self.shard.update(edge.UpdateOperation.upsert_points([edge.Point(*row) for row in rows]))
        return _DONE

    def delete(self, body: dict) -> dict:
        ids = models.PointIdsList(**body).points
        if self.settings.vectors:
            self.shard.update(edge.UpdateOperation.delete_points(ids))
        for point in ids:
            self.points.pop(point, None)
        return _DONE

    def query(self, body: dict) -> dict:
        asked = models.QueryRequest(**body)
        only = asked.filter and edge.Filter(must=[edge.HasIdCondition(set(asked.filter.must[0].has_id))])
        params = edge.SearchParams(hnsw_ef=asked.params.hnsw_ef, exact=asked.params.exact)
        request = edge.QueryRequest(
            asked.limit, query=edge.Query.Nearest(asked.query.nearest), filter=only, params=params
        )
        return {"points": [{"id": p.id, "version": 1, "score": p.score} for p in self.shard.query(request)]}

    def scroll(self, body: dict) -> dict:
        asked = models.ScrollRequest(**body)
        if self.settings.vectors:
            found, after = self.shard.scroll(
                edge.ScrollRequest(asked.offset, asked.limit, with_payload=False)
            )
            return {"points": [{"id": point.id} for point in found], "next_page_offset": after}
        ids = [i for i in sorted(self.points) if asked.offset is None or i >= asked.offset]
        found = [{"id": i, "payload": _named(self.points[i])} for i in ids[: asked.limit]]
        return {"points": found, "next_page_offset": next(iter(ids[asked.limit :]), None)}

    def retrieve(self, body: dict) -> list:
        asked = models.PointRequest(**body)
        if not self.settings.vectors:
            return [{"id": i, "payload": self.points[i].payload} for i in asked.ids if i in self.points]
        found = self.shard.retrieve(asked.ids, with_payload=bool(asked.with_payload), with_vector=True)
        return [{"id": point.id, "vector": point.vector, "payload": point.payload} for point in found]

    def count(self, body: dict) -> dict:
        return {"count": self.shard.count(edge.CountRequest(models.CountRequest(**body).exact))}


def _named(point: models.PointStruct) -> dict:
    return {key: value for key, value in point.payload.items() if key == "name"}


_DONE = {"operation_id": 0, "status": "completed"}
_ANSWERS = {
    "GET": Collection.info,
    "PATCH": Collection.update,
    "PUT index": Collection.index,
    "PUT points": Collection.upsert,
    "POST points": Collection.retrieve,
    "POST points/count": Collection.count,
    "POST points/delete": Collection.delete,
    "POST points/query": Collection.query,
    "POST points/scroll": Collection.scroll,
}
