"""What is Qdrant's alone; the rest is in the contract tests."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import qdrant_edge as edge
from qdrant_client import QdrantClient, models

from tests.index.backends.qdrant_http import Server, serving
from tests.index.synthetic import unit_rows
from vlret.errors import DatabaseError, MissingExtraError, UsageError
from vlret.index.backends import qdrant, qdrant_folder, qdrant_server
from vlret.index.backends.databases import open_database
from vlret.index.backends.rows import COLUMN_TYPES, rows_of

DIM = 16
IDS = np.arange(300) * 3 + 5
VECTORS = unit_rows(300, DIM)
QUERY = unit_rows(1, DIM, seed=1)[0]
KEY = "a-secret-key"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, KEY) as running:
        yield running


@pytest.fixture
def address(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("QDRANT_API_KEY", KEY)
    return f"qdrant:{server.url}"


def code_of(error: pytest.ExceptionInfo) -> str:
    assert KEY not in f"{error.value}{error.value.fields}"
    return error.value.code


def test_a_server_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("QDRANT_API_KEY", KEY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"qdrant:http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(DatabaseError) as caught:
            open_database(address)
    assert code_of(caught) == "database_unreachable"
    assert address in str(caught.value)


def test_the_key_comes_from_the_environment_and_is_never_said(address, server, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_database(address, DIM).close()
    for wrong in ("", "another"):
        monkeypatch.setenv("QDRANT_API_KEY", wrong)
        with pytest.raises(DatabaseError) as caught:
            open_database(address)
        assert code_of(caught) == "database_key"


@pytest.mark.parametrize(
    "location",
    [
        f"http://me:{KEY}@127.0.0.1:6333",
        "http://",
        "http://127.0.0.1:99999",
        "ftp://127.0.0.1",
        "https://:6333",
    ],
)
def test_other_addresses_are_refused_and_credentials_in_them_not_repeated(location):
    with pytest.raises(UsageError) as caught:
        open_database(f"qdrant:{location}", DIM)
    assert code_of(caught) == "bad_address"


@pytest.mark.parametrize("status", [400, 404, 413, 429, 500, 503])
def test_a_refusal_is_told_in_the_words_of_the_server_and_may_be_repeated(address, server, status):
    database = open_database(address, DIM)
    server.failures.append(status)
    with pytest.raises(DatabaseError) as caught:
        database.add(IDS, VECTORS)
    assert code_of(caught) == "database_refused"
    assert "asked for" in str(caught.value)
    assert database.info().n_vectors == 0
    database.add(IDS, VECTORS)
    assert database.info().n_vectors == 300


def test_a_server_that_does_not_answer_is_not_waited_for(address, server, monkeypatch):
    monkeypatch.setattr(qdrant_server, "_SECONDS", 1)
    database = open_database(address, DIM)
    server.pause_s = 2
    with pytest.raises(DatabaseError) as caught:
        database.search(QUERY, 1)
    assert code_of(caught) == "database_timeout"


def test_a_collection_of_somebody_else_is_refused(address, server):
    server.key = None
    client = QdrantClient(url=server.url, check_compatibility=False)
    client.create_collection("clips", {"a": models.VectorParams(size=DIM, distance="Dot")})
    with pytest.raises(DatabaseError) as caught:
        open_database(address, DIM)
    assert code_of(caught) == "other_dim"


@pytest.mark.parametrize("vectors", [{"a": (DIM, "Dot")}, {"": (DIM, "Cosine")}])
def test_a_shard_of_somebody_else_is_refused(tmp_path, vectors):
    sizes = {
        name: edge.EdgeVectorParams(n, getattr(edge.Distance, kind)) for name, (n, kind) in vectors.items()
    }
    (tmp_path / "clips").mkdir()
    edge.EdgeShard.create(str(tmp_path / "clips"), edge.EdgeConfig(sizes)).close()
    with pytest.raises(DatabaseError) as caught:
        open_database(f"qdrant:{tmp_path}", DIM)
    assert code_of(caught) == "other_dim"


def test_points_that_vlret_did_not_write_are_errors_of_the_database(address, server):
    database = open_database(address, DIM)
    server.collections["clips"].shard.update(
        edge.UpdateOperation.upsert_points([edge.Point("12345678-1234-1234-1234-123456789012", [0.25] * DIM)])
    )
    key, points = qdrant_server._file_id("a"), server.collections["clips_files"].points
    for broken in ({"name": "a"}, {"name": "a", "data": "#"}, {"name": "a", "data": 5}):
        points[key] = models.PointStruct(id=key, vector={}, payload=broken)
        with pytest.raises(DatabaseError) as caught:
            database.read_files({"a"})
        assert code_of(caught) == "database_refused"
    points[key] = models.PointStruct(id=key, vector={}, payload={})
    for reading in (database.file_names, database.ids, lambda: database.search(QUERY, 1)):
        with pytest.raises(DatabaseError) as caught:
            reading()
        assert code_of(caught) == "database_refused"


def test_long_requests_are_split(address, server, monkeypatch):
    monkeypatch.setattr(qdrant, "_MOST_FLOATS", DIM * 40)
    monkeypatch.setattr(qdrant, "_MOST_IDS", 70)
    monkeypatch.setattr(qdrant_server, "_PAGE", 90)
    database = open_database(address, DIM)

    def requests(what: str) -> int:
        return sum(path.endswith(what) for method, path in server.requests if method != "GET")

    database.add(IDS, VECTORS)
    assert requests("clips/points") == 8
    assert database.ids().tolist() == IDS.tolist()
    assert requests("clips/points/scroll") == 4
    only = IDS[10:290]
    scores, ids = database.search(QUERY, 30, only, exact=True)
    assert requests("clips/points/query") == 4
    order = np.argsort(-(VECTORS[10:290] @ QUERY))[:30]
    assert ids.tolist() == only[order].tolist()
    assert scores == pytest.approx((VECTORS[10:290] @ QUERY)[order], abs=1e-6)
    assert np.array_equal(database.vectors(IDS[::-1]), VECTORS[::-1])
    database.remove(IDS[100:])
    assert requests("clips/points/delete") == 3
    assert database.ids().tolist() == IDS[:100].tolist()


def test_what_a_collection_is_created_with(address, server):
    database = open_database(address, DIM)
    made = server.collections["clips"]
    assert made.settings.vectors.on_disk
    assert str(made.settings.vectors.distance) == "Dot"
    assert made.settings.quantization_config.scalar.always_ram
    assert made.indexes.keys() == COLUMN_TYPES.keys()
    assert made.settings.optimizers_config.indexing_threshold == 0
    database.optimize(approximate=True)
    assert made.settings.optimizers_config.indexing_threshold == 20_000
    database.optimize(approximate=False)
    assert made.settings.optimizers_config.indexing_threshold == 0


def test_optimize_waits_for_the_server_and_says_when_it_fails(address, server, monkeypatch):
    database = open_database(address, DIM)
    server.requests.clear()
    server.collections["clips"].statuses += ["yellow", "grey", "green", "yellow", "red"]
    monkeypatch.setattr(qdrant_server, "_POLL_SECONDS", 0.01)
    database.optimize(approximate=True)
    assert server.requests.count(("GET", "/collections/clips")) == 3
    with pytest.raises(DatabaseError) as caught:
        database.optimize(approximate=True)
    assert code_of(caught) == "database_refused"


def test_columns_are_payload_that_a_user_may_filter_by(tmp_path):
    database = open_database(f"qdrant:{tmp_path}", DIM)
    values = {
        "path": "/日本/a b.mp4",
        "taken": datetime(2024, 5, 6, 7, 8, 9, 250),
        "width": 1920,
        "fps": 29.97,
    }
    columns = pa.table({name: pa.array([values.get(name)], kind) for name, kind in COLUMN_TYPES.items()})
    database.write(rows_of(IDS[:1], VECTORS[:1], DIM, columns))
    database.add(IDS[1:2], VECTORS[1:2])
    shard = database.connection._shard.engine
    first, second = shard.retrieve(IDS[:2].tolist(), with_payload=True, with_vector=False)
    assert first.payload == {**values, "taken": "2024-05-06T07:08:09.000250"}
    assert second.payload == {}
    for condition in (
        edge.FieldCondition("path", match=edge.MatchValue("/日本/a b.mp4")),
        edge.FieldCondition("taken", range=edge.RangeDateTime(gte="2024-05-06T07:08:00Z")),
        edge.FieldCondition("width", range=edge.RangeFloat(gte=1920)),
    ):
        found, _ = shard.scroll(edge.ScrollRequest(limit=9, filter=edge.Filter(must=[condition])))
        assert [point.id for point in found] == [IDS[0]]


def test_an_approximate_search_is_one_of_the_engine_s_graph(tmp_path, monkeypatch):
    monkeypatch.setattr(qdrant_folder, "INDEXING_KB", 100)
    vectors, ids = unit_rows(6000, DIM, seed=3), np.arange(6000)
    database = open_database(f"qdrant:{tmp_path}", DIM)
    database.add(ids, vectors)
    database.optimize(approximate=False)
    assert database.connection._shard.engine.info().indexed_vectors_count == 0
    database.optimize(approximate=True)
    assert database.connection._shard.engine.info().indexed_vectors_count > 5000
    queries = unit_rows(20, DIM, seed=4)
    exact = [set(np.argsort(-(vectors @ query))[:10].tolist()) for query in queries]

    def recall() -> float:
        found = [database.search(query, 10)[1].tolist() for query in queries]
        return float(
            np.mean([len(near.intersection(ids)) / 10 for near, ids in zip(exact, found, strict=True)])
        )

    assert recall() == 1
    database.effort = 1024
    assert recall() >= 0.95
    scores, near = database.search(queries[0], 10)
    assert scores == pytest.approx(vectors[near] @ queries[0], abs=1e-6)  # not those of the codes


HOLDER = """
import sys
from vlret.index.backends.databases import open_database

database = open_database(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


def test_the_engine_s_directory_belongs_to_one_process(tmp_path):
    address = f"qdrant:{tmp_path}"
    open_database(address, DIM).close()
    with subprocess.Popen([sys.executable, "-c", HOLDER, address], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout.readline() == "open\n"
        for dim in (None, DIM):
            with pytest.raises(DatabaseError) as caught:
                open_database(address, dim)
            assert code_of(caught) == "database_in_use"
        holder.kill()
    open_database(address).close()


def test_one_process_may_open_a_directory_several_times(tmp_path, monkeypatch):
    address = f"qdrant:{tmp_path}/db"
    first, second = open_database(address, DIM), open_database(f"{address}/../db")
    first.add(IDS, VECTORS)
    first.optimize(approximate=True)
    assert second.search(QUERY, 1)[1].tolist() == [IDS[np.argmax(VECTORS @ QUERY)]]
    first.close()
    second.remove(IDS[5:])
    second.close()
    third = open_database(address)
    assert third.ids().tolist() == IDS[:5].tolist()
    shutil.rmtree(tmp_path / "db")
    with pytest.raises(DatabaseError) as caught:
        open_database(address)
    assert code_of(caught) == "no_table"
    again = open_database(address, DIM)
    assert again.info().n_vectors == 0
    again.close()
    third.close()


N_WRITTEN = 6_000
WRITER = f"""
import sys
import numpy as np
from tests.index.synthetic import unit_rows
from vlret.index.backends.databases import open_database
from vlret.index.backends.rows import rows_of

database, turn = open_database(sys.argv[1], {DIM}), int(sys.argv[2])
vectors = unit_rows({N_WRITTEN}, {DIM}, seed=turn)
for start in range(0, {N_WRITTEN}, 500):
    ids = np.arange(start, start + 500)
    database.write(rows_of(ids, vectors[ids], {DIM}))
    print(start, flush=True)
    if start % 2000 == 1500:
        database.optimize(approximate=turn % 2 == 1)
"""


def test_a_writer_that_is_killed_leaves_what_it_had_written(tmp_path):
    address = f"qdrant:{tmp_path}"
    of_turn = [unit_rows(N_WRITTEN, DIM, seed=turn) for turn in range(3)]
    known = np.full(N_WRITTEN, -1)
    for turn, n_lines in enumerate((4, 2, 7)):
        command = [sys.executable, "-c", WRITER, address, str(turn)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            starts = [int(writer.stdout.readline()) for _ in range(n_lines)]
            time.sleep(0.01 * turn)
            os.kill(writer.pid, signal.SIGKILL)
            starts += map(int, writer.stdout.read().split())
        for start in starts:
            known[start : start + 500] = turn
        database = open_database(address)
        ids = database.ids()
        assert set(np.flatnonzero(known >= 0)) <= set(ids.tolist())
        found = database.vectors(ids)
        matches = np.array([np.isclose(found, vectors[ids], atol=1e-6).all(1) for vectors in of_turn])
        assert matches.any(0).all()  # no row is half of one and half of another
        written = known[ids] >= 0
        assert (matches.argmax(0)[written] >= known[ids][written]).all()
        near = database.search(QUERY, 10, exact=True)[1]
        assert near.tolist() == ids[np.lexsort((ids, -(found @ QUERY)))][:10].tolist()
        database.close()
    (tmp_path / "clips" / "temp_segments" / "of a stopped one").mkdir(parents=True, exist_ok=True)
    database = open_database(address)
    database.optimize(approximate=True)
    database.close()
    assert list((tmp_path / "clips").glob("temp_segments/*")) == []


def test_a_shard_whose_creation_was_stopped_is_created_again(tmp_path):
    (tmp_path / "clips.part" / "segments" / "half").mkdir(parents=True)
    with pytest.raises(DatabaseError) as caught:
        open_database(f"qdrant:{tmp_path}")
    assert code_of(caught) == "no_table"
    open_database(f"qdrant:{tmp_path}", DIM).close()
    assert [path.name for path in tmp_path.iterdir()] == ["clips"]


@pytest.mark.parametrize("name", ["edge_config.json", "status.dat", "version.info"])
def test_a_damaged_shard_is_an_error_of_its_path(tmp_path, name):
    database = open_database(f"qdrant:{tmp_path}", DIM)
    database.add(IDS, VECTORS)
    database.close()
    for path in (tmp_path / "clips").rglob(name):
        path.write_bytes(b"")
    with pytest.raises(DatabaseError) as caught:
        open_database(f"qdrant:{tmp_path}", DIM)
    assert code_of(caught) == "database_refused"
    assert str(tmp_path) in str(caught.value)


def test_a_place_that_cannot_be_written_is_an_error_of_its_path(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError) as caught:
        open_database(f"qdrant:{tmp_path}/file/x", DIM)
    assert code_of(caught) == "database_refused"


def test_links_among_the_files_are_not_followed(tmp_path):
    database = open_database(f"qdrant:{tmp_path}/db", DIM)
    (tmp_path / "secret").write_bytes(b"secret")
    database.write_files({"index.json": b"{}"})
    (tmp_path / "db" / "clips_files" / "link").symlink_to(tmp_path / "secret")
    assert database.read_files({"../../secret", "index.json"}) == {"index.json": b"{}"}
    with pytest.raises(Exception, match="symbolic link"):
        database.read_files({"link"})


@pytest.mark.parametrize(
    ("place", "package"), [("http://127.0.0.1:1", "qdrant_client"), ("x", "qdrant_edge")]
)
def test_a_missing_package_is_named_with_its_extra(tmp_path, monkeypatch, place, package):
    monkeypatch.chdir(tmp_path)
    find = importlib.util.find_spec
    for module in (qdrant_folder, qdrant_server):
        monkeypatch.setattr(module, "find_spec", lambda name: None if name == package else find(name))
    with pytest.raises(MissingExtraError, match=r"vlret\[qdrant\]"):
        open_database(f"qdrant:{place}", DIM)
