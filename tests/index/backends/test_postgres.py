"""What is PostgreSQL's alone; the rest is in the contract tests."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pytest

from tests.index.backends.places import Place
from tests.index.backends.postgres_server import Server, serving
from tests.index.backends.test_database_contract import columns
from tests.index.synthetic import unit_rows
from vlret.errors import DatabaseError, MissingExtraError, UsageError
from vlret.index.backends.databases import open_database
from vlret.index.backends.postgres import PostgresDatabase
from vlret.index.backends.rows import rows_of

DIM = 16
IDS = np.arange(300) * 3 + 5
VECTORS = unit_rows(300, DIM)
QUERY = unit_rows(1, DIM, seed=1)[0]
BEST = IDS[np.lexsort((IDS, -(VECTORS @ QUERY)))].tolist()
SECRET = "s3cr3t"


@pytest.fixture
def database(postgres: Place) -> PostgresDatabase:
    opened = postgres.open(DIM)
    opened.write(rows_of(IDS, VECTORS, DIM))
    return opened


@pytest.fixture
def table(postgres: Place) -> str:
    return postgres.address.rpartition("#")[2]


def found(database: PostgresDatabase, k: int = 10) -> list[int]:
    return database.search(QUERY, k)[1].tolist()


def refused(address: str, dim: int | None = None) -> str:
    """The code of an error that holds nothing secret."""
    with pytest.raises((DatabaseError, UsageError)) as caught:
        open_database(address, dim)
    error = caught.value
    assert SECRET not in f"{error} {error.hint} {error.fields} {error.__cause__} {error.__context__}"
    return error.code


@pytest.mark.parametrize(
    "place",
    [
        f"postgresql://me:a/{SECRET}@127.0.0.1:1/db",
        f"postgresql://me:a@{SECRET}@127.0.0.1:1/db",
        f"postgresql://me:%zz{SECRET}@127.0.0.1:1/db",
    ],
)
def test_what_is_wrong_with_an_address_is_said_without_pieces_of_its_password(place):
    with pytest.raises(UsageError) as caught:
        open_database(place)
    assert caught.value.code == "bad_address"
    assert SECRET not in f"{caught.value} {caught.value.hint} {caught.value.fields}"


def test_a_server_that_is_not_there_or_lets_nobody_in_is_named(postgres_server_of_tests: Server):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        assert refused(f"postgresql://me:{SECRET}@127.0.0.1:{port}/db") == "database_refused"
    place = f"host={postgres_server_of_tests.folder}&password={SECRET}"
    assert refused(f"postgresql:///postgres?user=nobody_known&{place}") == "database_refused"


def test_names_of_tables_are_names_alone(postgres: Place, table: str):
    start = postgres.address.removesuffix(table)
    for name in (f'{table}"; DROP TABLE {table}; --', "a b", "x'y", "pg.x", "1a", "a" * 49):
        assert refused(start + name, DIM) == "bad_table_name"
    for name in ("select", "Order", "a" * 48):
        database = open_database(start + name, DIM)
        database.write(rows_of(IDS, VECTORS, DIM))
        database.optimize(approximate=True)
        assert found(database) == BEST[:10]
        database.close()


def test_a_nul_in_a_path_is_refused_and_nothing_is_written(database):
    rows = rows_of(IDS + 1000, VECTORS, DIM, columns(300, path="a\0b"))
    with pytest.raises(DatabaseError) as caught:
        database.write(rows)
    assert caught.value.code == "database_refused"
    assert database.ids().tolist() == IDS.tolist()


def test_long_paths_and_quotes_come_back(database, table, postgres_server_of_tests):
    rng = np.random.default_rng(0)
    paths = ["/" + "".join(map(chr, rng.integers(0x4E00, 0x9FFF, 4000))), 'it\'s "a" \\ %s $1 🎬']
    rows = rows_of(IDS[:2], VECTORS[:2], DIM, columns(2)).set_column(2, "path", pa.array(paths))
    database.write(rows)
    for clip_id, path in zip(IDS.tolist(), paths, strict=False):
        query = f"SELECT clip_id FROM {table} WHERE path = %s"
        assert postgres_server_of_tests.execute(query, path) == [(clip_id,)]


def test_long_vectors_stay_in_their_rows(postgres: Place, table: str, postgres_server_of_tests: Server):
    database = postgres.open(1536)
    database.write(rows_of(IDS[:50], unit_rows(50, 1536), 1536, columns(50, path="/a/b.mp4")))
    query = "SELECT pg_relation_size(oid), pg_relation_size(reltoastrelid) FROM pg_class WHERE relname = %s"
    ((size, elsewhere),) = postgres_server_of_tests.execute(query, table)
    assert size >= 50 * 1536 * 4
    assert elsewhere == 0


@pytest.mark.parametrize("dim", [2500, 4001])
def test_vectors_too_long_for_a_graph_are_searched_exactly(postgres: Place, dim: int):
    database, vectors = postgres.open(dim), unit_rows(30, dim)
    database.write(rows_of(IDS[:30], vectors, dim))
    database.optimize(approximate=True)
    assert bool(database.efforts) == (dim <= 4000)
    database.effort = max(database.efforts, default=0)
    assert database.search(vectors[7], 1)[1].tolist() == [IDS[7]]


def test_the_graph_is_searched_with_the_effort_and_a_filter(database, table, postgres_server_of_tests):
    ids, vectors = np.arange(20_000), unit_rows(20_000, DIM, seed=3)
    database.write(rows_of(ids, vectors, DIM))
    database.optimize(approximate=True)
    shares = []
    for effort in (32, 1000):
        database.effort = effort
        for only in (ids, ids[::2]):
            near = database.search(QUERY, 30, only)[1]
            shares.append(
                len(set(near.tolist()) & set(only[np.argsort(-(vectors[only] @ QUERY))[:30]].tolist()))
            )
    assert min(shares) > 15
    assert shares[2] >= 29
    scans = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = %s"
    database.search(QUERY, 30)
    near = database.search(QUERY, 30, exact=True)[1]
    assert near.tolist() == np.argsort(-(vectors @ QUERY))[:30].tolist()
    database.close()  # which has its counts written
    ((n_scans,),) = postgres_server_of_tests.execute(scans, f"{table}_hnsw")
    assert 1 <= n_scans <= 5


def test_searches_go_on_after_a_restart_of_the_server():
    with serving() as server:
        database = open_database(server.address("clips"), DIM)
        database.write(rows_of(IDS, VECTORS, DIM))
        assert found(database) == BEST[:10]
        server.restart()
        assert found(database) == BEST[:10]
        database.write(rows_of(IDS[:1], VECTORS[:1], DIM))
        assert database.ids().tolist() == IDS.tolist()
        folder = server.folder
        server.stop()
        with pytest.raises(DatabaseError) as caught:
            found(database)
        assert caught.value.code == "database_refused"
    assert not folder.exists()


def test_threads_search_side_by_side(database):
    database.optimize(approximate=True)
    database.effort = 64
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda vector: database.search(vector, 1)[1].tolist(), VECTORS))
    assert [clip_id for (clip_id,) in results] == IDS.tolist()
    assert len(database._readers._idle) <= 8


def test_only_one_process_writes(database, postgres, monkeypatch):
    monkeypatch.setattr("vlret.index.backends.postgres._LOCK_SECONDS", 1)
    other = postgres.open()
    assert found(other) == BEST[:10]
    with pytest.raises(DatabaseError) as caught:
        other.remove(IDS)
    assert caught.value.code == "database_busy"
    database.close()
    other.remove(IDS[:3])
    assert other.ids().tolist() == IDS[3:].tolist()


WRITER = """
import sys
import numpy as np
from tests.index.backends.test_postgres import DIM, IDS, VECTORS
from vlret.index.backends.databases import open_database
from vlret.index.backends.rows import rows_of

database = open_database(sys.argv[1], DIM)
print(flush=True)
while True:
    database.write(rows_of(IDS, -VECTORS, DIM))
    database.write(rows_of(IDS, VECTORS, DIM))
"""


def test_a_killed_writer_leaves_all_of_its_rows_or_none(postgres):
    postgres.open(DIM)
    for seconds in (0.05, 0.15):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, postgres.address], stdout=subprocess.PIPE
        ) as writer:
            writer.stdout.readline()
            time.sleep(seconds)
            os.kill(writer.pid, signal.SIGKILL)
        database = postgres.open()
        vectors = database.vectors(ids) if len(ids := database.ids()) else VECTORS
        assert len(ids) in (0, 300)
        assert np.allclose(abs(vectors @ VECTORS.T).diagonal(), 1, atol=1e-5)
        assert len(set(np.sign((vectors * VECTORS).sum(1)).tolist())) == 1
        database.write(rows_of(IDS[:1], VECTORS[:1], DIM))  # the lock is free again
        database.remove(IDS)
        database.close()


def test_a_reader_may_have_the_right_to_read_alone(database, table, postgres, postgres_server_of_tests):
    run = postgres_server_of_tests.execute
    run(f"CREATE ROLE reader_{table} LOGIN")
    run(f"GRANT SELECT ON {table}, {table}_files TO reader_{table}")
    address = postgres_server_of_tests.address(table, f"reader_{table}")
    database.close()
    reader = open_database(address)
    assert found(reader) == BEST[:10]
    with pytest.raises(DatabaseError) as caught:
        reader.remove(IDS)
    assert caught.value.code == "database_refused"
    reader.close()


def test_a_database_without_pgvector_says_what_to_do(postgres_server_of_tests: Server):
    run = postgres_server_of_tests.execute
    run("CREATE DATABASE bare")
    run("CREATE ROLE stranger LOGIN")
    assert refused(postgres_server_of_tests.address("clips", database="bare")) == "no_pgvector"
    assert refused(postgres_server_of_tests.address("clips", "stranger", "bare"), DIM) == "no_pgvector"
    open_database(postgres_server_of_tests.address("clips", database="bare"), DIM).close()
    assert refused(postgres_server_of_tests.address("other", database="bare")) == "no_table"


def test_a_table_of_somebody_else_is_refused(postgres, table, postgres_server_of_tests):
    postgres_server_of_tests.execute(f"CREATE TABLE {table} (clip_id bigint, vector text)")
    for dim in (None, DIM):
        assert refused(postgres.address, dim) == "other_dim"


def test_the_sql_of_the_docs_finds_the_nearest_clips(postgres_server_of_tests: Server):
    page = (Path(__file__).parents[3] / "docs/databases.md").read_text()
    (block,) = re.findall(r"```sql\n(CREATE TABLE recordings.*?)```", page, re.DOTALL)
    made, asked = block.split("\n\n")
    postgres_server_of_tests.execute("CREATE DATABASE docs")
    database = open_database(postgres_server_of_tests.address("clips", database="docs"), DIM)
    database.write(
        rows_of(np.arange(300), VECTORS, DIM, columns(300, path="/a.mp4", name="a.mp4", start=1.5))
    )
    with psycopg.connect(
        host=str(postgres_server_of_tests.folder), user="postgres", dbname="docs"
    ) as connection:
        connection.execute(made)
        connection.execute("INSERT INTO recordings VALUES ('/a.mp4', 'door')")
        rows = connection.execute(asked).fetchall()
    database.close()
    assert [row[0] for row in rows] == ["a.mp4"] * 10
    cosines = sorted(VECTORS @ VECTORS[7], reverse=True)[:10]
    assert [row[3] for row in rows] == pytest.approx(cosines, abs=1e-5)


def test_own_columns_of_a_table_stay(database, table, postgres_server_of_tests):
    run = postgres_server_of_tests.execute
    run(f"ALTER TABLE {table} ADD note text NOT NULL DEFAULT 'none'")
    run(f"UPDATE {table} SET note = 'mine' WHERE clip_id = {IDS[0]}")
    database.write(rows_of(IDS, VECTORS, DIM))
    assert run(f"SELECT note FROM {table} WHERE clip_id = {IDS[0]}") == [("mine",)]


def test_a_missing_package_is_named(monkeypatch):
    there = importlib.util.find_spec
    monkeypatch.setattr(
        "vlret.index.backends.postgres_connections.find_spec",
        lambda name: None if name == "pgvector" else there(name),
    )
    with pytest.raises(MissingExtraError) as caught:
        open_database("postgresql://localhost/db")
    assert "vlret[postgres]" in caught.value.hint


def test_no_connection_is_left_open_without_a_warning(database):
    found(database)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        database.close()
