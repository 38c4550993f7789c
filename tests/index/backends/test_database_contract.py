"""What every database does, against rows that are kept in dictionaries.

A new one is entered in `places.DATABASES`.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from tests.index.backends.memory_database import MemoryDatabase
from tests.index.backends.places import DATABASES, Place
from tests.index.synthetic import unit_rows
from vlret.errors import DatabaseError, UsageError
from vlret.index.backends.database import Database
from vlret.index.backends.rows import COLUMN_TYPES, rows_of, rows_schema

DIM = 16


@pytest.fixture
def memory() -> Place:
    made: dict[str, MemoryDatabase] = {}

    def opened(dim: int | None = None) -> MemoryDatabase:
        if not made and dim is None:
            raise DatabaseError("There is no table.", code="no_table")
        kept = made.setdefault("clips", MemoryDatabase(dim or 0))
        if dim not in (None, kept.dim):
            raise DatabaseError("It has another length.", code="other_dim")
        return MemoryDatabase(kept.dim, rows=kept.rows, files=kept.files)

    return Place(opened, None)


@pytest.fixture(params=["memory", *DATABASES])
def place(request: pytest.FixtureRequest) -> Place:
    return request.getfixturevalue(request.param)


@pytest.fixture
def database(place: Place):
    opened = place.open(DIM)
    yield opened
    opened.close()


IDS = np.arange(200) * 3 + 5
VECTORS = unit_rows(200, DIM)
QUERY = unit_rows(1, DIM, seed=1)[0]
TAKEN = datetime(2024, 5, 6, 7, 8, 9)


def columns(n: int, **values: object) -> pa.Table:
    """`n` equal rows; what is not given is null."""
    return pa.table({name: pa.array([values.get(name)] * n, kind) for name, kind in COLUMN_TYPES.items()})


FULL = {
    "path": "/videos/Ünïcode 日本 🎬/it's \"a\" \\ 50%.mp4", "name": "it's \"a\" \\ 50%.mp4", "start": 1.5, "end": 2.25,
    "duration": 60.0, "size": 2**40, "modified": TAKEN, "taken": TAKEN, "width": 1920, "height": 1080, "codec": "h264",
    "fps": 29.97,
}  # fmt: skip


def best(ids: np.ndarray, vectors: np.ndarray, k: int) -> list[int]:
    return ids[np.lexsort((ids, -(vectors @ QUERY)))][:k].tolist()


def found(database: Database, k: int = 10, only: np.ndarray | None = None) -> list[int]:
    return database.search(QUERY, k, only, exact=True)[1].tolist()


def test_rows_with_all_columns_or_none_are_written_in_several_calls(database):
    database.write(rows_of(IDS[:70], VECTORS[:70], DIM, columns(70, **FULL)))
    database.write(rows_of(IDS[70:], VECTORS[70:], DIM))
    assert database.ids().tolist() == IDS.tolist()
    assert database.info().n_vectors == 200
    assert found(database) == best(IDS, VECTORS, 10)
    wanted = IDS[[150, 3, 77]]
    assert database.vectors(wanted) == pytest.approx(VECTORS[[150, 3, 77]], abs=1e-6)
    assert database.vectors(wanted).dtype == np.float32
    assert database.vectors(IDS[:0]).shape == (0, DIM)


def test_rows_that_are_there_are_replaced(database):
    database.write(rows_of(IDS, VECTORS, DIM))
    turned = np.ascontiguousarray(VECTORS[::-1])
    database.write(rows_of(IDS[50:150], turned[50:150], DIM, columns(100, **FULL)))
    expected = VECTORS.copy()
    expected[50:150] = turned[50:150]
    assert database.ids().tolist() == IDS.tolist()
    assert found(database, 200) == best(IDS, expected, 200)
    assert database.vectors(IDS) == pytest.approx(expected, abs=1e-6)


def test_the_same_rows_written_twice_are_there_once(database):
    for _ in range(2):
        database.write(rows_of(IDS, VECTORS, DIM, columns(200, **FULL)))
    assert database.ids().tolist() == IDS.tolist()
    assert found(database, 300) == best(IDS, VECTORS, 200)


def test_removed_rows_are_gone_and_unknown_ids_are_ignored(database):
    database.write(rows_of(IDS, VECTORS, DIM))
    database.remove(np.append(IDS[::2], [1, 10**12]))
    assert database.ids().tolist() == IDS[1::2].tolist()
    assert found(database, 200) == best(IDS[1::2], VECTORS[1::2], 200)
    with pytest.raises(DatabaseError) as caught:
        database.vectors(IDS[:2])
    assert caught.value.code == "clips_missing"


def test_wrong_vectors_are_refused_and_nothing_is_written(database):
    database.write(rows_of(IDS[:5], VECTORS[:5], DIM))
    rows = rows_of(IDS[5:], VECTORS[5:], DIM)
    values = VECTORS[5:].copy()
    values[100] *= 1.01
    column = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), DIM)
    with pytest.raises(UsageError) as caught:
        database.write(rows.set_column(1, rows.schema.field(1), column))
    assert caught.value.code == "vector_not_unit"
    with pytest.raises(UsageError) as caught:
        database.write(rows_of(IDS[:3], unit_rows(3, DIM + 1), DIM + 1))
    assert caught.value.code == "vector_shape"
    assert database.ids().tolist() == IDS[:5].tolist()


def test_optimize_keeps_rows_and_an_effort_finds_most_of_them(database):
    database.optimize(approximate=False)  # nothing is there
    vectors, ids = unit_rows(2000, DIM, seed=3), np.arange(2000)
    database.write(rows_of(ids, vectors, DIM))
    for approximate in (False, True, True):
        database.optimize(approximate)
        assert database.info().is_exact
        assert database.ids().tolist() == ids.tolist()
        assert found(database, 20) == best(ids, vectors, 20)
    assert list(database.efforts) == sorted(database.efforts)
    database.effort = database.efforts[-1]
    assert not database.info().is_exact
    assert found(database, 20) == best(ids, vectors, 20)  # asked for exactly
    scores, near = database.search(QUERY, 20)
    assert len(set(near.tolist()) & set(best(ids, vectors, 20))) >= 15
    assert scores == pytest.approx(vectors[near] @ QUERY, abs=2e-3)
    assert (np.diff(scores) <= 0).all()
    _, filtered = database.search(QUERY, 10, ids[::2])
    assert len(filtered) == 10
    assert (filtered % 2 == 0).all()


def test_rows_written_after_optimize_are_found_and_removed_ones_are_not(database):
    vectors, ids = unit_rows(1200, DIM, seed=4), np.arange(1200)
    database.write(rows_of(ids[:1000], vectors[:1000], DIM))
    database.optimize(approximate=True)
    database.effort = database.efforts[-1]
    database.write(rows_of(ids[1000:], vectors[1000:], DIM))
    database.remove(ids[:100])
    assert found(database) == best(ids[100:], vectors[100:], 10)
    assert set(database.search(QUERY, 50)[1].tolist()) <= set(ids[100:].tolist())
    (own,) = database.search(vectors[1100], 1)[1].tolist()
    assert own == 1100


def test_a_filter_of_50_000_clips_is_applied_before_the_nearest_are_taken(database):
    ids = np.arange(60_000)
    vectors = unit_rows(60_000, DIM, seed=2)
    database.write(rows_of(ids, vectors, DIM))
    for only in (np.delete(ids, slice(0, 60_000, 6)), np.append(ids[7:40_000:2], 10**9)):
        kept = only[only < 60_000]
        assert found(database, 30, only) == best(kept, vectors[kept], 30)


def test_files_are_a_small_store_beside_the_rows(database):
    assert database.file_names() == set()
    assert database.read_files({"index.json"}) == {}
    database.remove_files({"index.json"})
    database.write_files({"index.json": b"{}", "0123456789abcdef-00000": bytes(range(256)) * 2**14})
    database.write_files({"index.json": b"", "other.bin": b"\0\xff"})
    assert database.file_names() == {"index.json", "0123456789abcdef-00000", "other.bin"}
    assert database.read_files({"index.json", "other.bin", "missing"}) == {
        "index.json": b"",
        "other.bin": b"\0\xff",
    }
    (large,) = database.read_files({"0123456789abcdef-00000"}).values()
    assert large == bytes(range(256)) * 2**14
    database.remove_files({"other.bin", "missing"})
    assert database.file_names() == {"index.json", "0123456789abcdef-00000"}
    assert database.info().n_vectors == 0


def test_a_table_without_rows_is_opened_again(place):
    for dim in (DIM, DIM, None):
        database = place.open(dim)
        assert (database.dim, len(database.ids()), database.file_names()) == (DIM, 0, set())
        database.close()


def test_a_table_is_opened_again_with_its_rows_and_files(place):
    with pytest.raises(DatabaseError) as caught:
        place.open()
    assert caught.value.code == "no_table"
    first = place.open(DIM)
    first.write(rows_of(IDS, VECTORS, DIM, columns(200, **FULL)))
    first.write_files({"index.json": b"{}"})
    first.optimize(approximate=True)
    first.close()
    for dim in (None, DIM):
        again = place.open(dim)
        assert (again.dim, again.effort, again.info().is_exact) == (DIM, 0, True)
        assert found(again) == best(IDS, VECTORS, 10)
        assert again.read_files({"index.json"}) == {"index.json": b"{}"}
        again.close()
    with pytest.raises(DatabaseError) as caught:
        place.open(DIM + 1)
    assert caught.value.code == "other_dim"


READER = """
import sys
import numpy as np
from tests.index.backends.test_database_contract import QUERY, found
from vlret.index.backends.databases import open_database

database = open_database(sys.argv[1])
for line in sys.stdin:
    print(len(database.ids()), *found(database), *database.read_files({"index.json"}).values(), flush=True)
"""


def test_a_second_process_sees_what_is_written_beside_it(place):
    if place.address is None:
        pytest.skip("it is in this process alone")
    writer = place.open(DIM)
    writer.write(rows_of(IDS[:100], VECTORS[:100], DIM, columns(100, **FULL)))
    command = [sys.executable, "-c", READER, place.address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        for n, file in ((100, b"1"), (200, b"2")):
            writer.write(rows_of(IDS[:n], VECTORS[:n], DIM))
            writer.write_files({"index.json": file})
            writer.optimize(approximate=True)
            print(file=reader.stdin, flush=True)
            assert reader.stdout.readline().split() == [
                str(n), *map(str, best(IDS[:n], VECTORS[:n], 10)), repr(file)
            ]  # fmt: skip
        reader.stdin.close()
    writer.close()


def test_the_columns_are_those_of_conditions():
    assert rows_schema(4).names == ["clip_id", "vector", *COLUMN_TYPES]
