"""What the contracts do not say of LanceDB: pieces, old versions, missing columns, other readers, object stores."""

from __future__ import annotations

from datetime import timedelta

import lance
import numpy as np
import pyarrow as pa
import pytest

from tests.index.backends.test_database_contract import FULL, columns
from tests.index.synthetic import unit_rows
from vlret.errors import DatabaseError, MissingExtraError
from vlret.index.backends import lancedb
from vlret.index.backends.databases import open_database
from vlret.index.backends.rows import rows_of

DIM = 16
IDS = np.arange(300)
VECTORS = unit_rows(300, DIM)


def opened(tmp_path):
    return open_database(f"lancedb:{tmp_path}/db", DIM)


def pieces(tmp_path) -> list[int]:
    return [piece.count_rows() for piece in lance.dataset(f"{tmp_path}/db/clips.lance").get_fragments()]


def test_a_table_in_many_pieces_is_compacted_to_a_target_row_count(tmp_path, monkeypatch):
    monkeypatch.setattr(lancedb, "_MOST_FRAGMENTS", 5)
    monkeypatch.setattr(lancedb, "_FRAGMENT_ROWS", 100)
    database = opened(tmp_path)
    for start in range(0, 300, 60):
        database.write(rows_of(IDS[start : start + 60], VECTORS[start : start + 60], DIM))
    database.optimize(approximate=True)
    assert pieces(tmp_path) == [60] * 5
    database.write(rows_of(IDS[:1], VECTORS[:1], DIM))
    database.optimize(approximate=True)
    assert len(pieces(tmp_path)) <= 3
    assert max(pieces(tmp_path)) < 2 * 100
    database.effort = database.efforts[-1]
    assert database.search(VECTORS[77], 1)[1].tolist() == [77]
    assert len(database.ids()) == 300


def test_deleted_rows_are_given_back(tmp_path, monkeypatch):
    monkeypatch.setattr(lancedb, "_KEPT", timedelta(0))
    database = opened(tmp_path)
    database.write(rows_of(IDS, VECTORS, DIM))
    database.remove(IDS[:100])
    database.optimize(approximate=False)
    rows = lance.dataset(f"{tmp_path}/db/clips.lance")
    assert sum(piece.num_deletions for piece in rows.get_fragments()) == 0
    assert len(rows.versions()) == 1
    assert len(list((tmp_path / "db" / "clips.lance" / "data").iterdir())) == 1


def test_an_approximate_index_is_made_again_only_where_it_lacks_many_rows(tmp_path):
    database = opened(tmp_path)

    def index() -> tuple[str, int]:
        (found,) = lance.dataset(f"{tmp_path}/db/clips.lance").describe_indices()
        return found.segments[0].uuid, found.num_rows_indexed

    database.write(rows_of(IDS[:200], VECTORS[:200], DIM))
    database.optimize(approximate=True)
    first = index()
    database.write(rows_of(IDS[200:210], VECTORS[200:210], DIM))
    database.optimize(approximate=True)
    assert index() == first
    database.effort = 1
    assert database.search(VECTORS[205], 1)[1].tolist() == [205]  # what the index lacks is compared, too
    database.write(rows_of(IDS[210:], VECTORS[210:], DIM))
    database.optimize(approximate=True)
    assert index()[1] == 300


def test_dimensions_that_rabitq_does_not_take_get_other_codes(tmp_path):
    database = open_database(f"lancedb:{tmp_path}", 12)
    vectors = unit_rows(300, 12)
    database.write(rows_of(IDS, vectors, 12))
    database.optimize(approximate=True)
    database.effort = database.efforts[-1]
    assert database.info().kind == f"LanceDB IVF_SQ, nprobes {database.effort}"
    assert database.search(vectors[9], 1)[1].tolist() == [9]


def test_lancedb_opens_the_table_with_its_columns(tmp_path):
    import lancedb as lancedb_itself

    opened(tmp_path).write(rows_of(IDS, VECTORS, DIM, columns(300, **FULL)))
    table = lancedb_itself.connect(tmp_path / "db").open_table("clips")
    found = table.search(VECTORS[5]).distance_type("dot").where("width > 1000").limit(1).to_list()
    assert (found[0]["clip_id"], found[0]["path"]) == (5, FULL["path"])
    assert {name: found[0][name] for name in FULL} == FULL


def test_a_table_without_rows_is_opened_again(tmp_path):
    opened(tmp_path).close()
    assert len(opened(tmp_path).ids()) == 0


def test_a_table_that_vlret_did_not_make_is_refused(tmp_path):
    lance.write_dataset(pa.table({"clip_id": [1], "text": ["x"]}), f"{tmp_path}/db/clips.lance")
    with pytest.raises(DatabaseError) as caught:
        opened(tmp_path)
    assert caught.value.code == "other_dim"


def test_a_damaged_table_is_one_error(tmp_path):
    database = opened(tmp_path)
    database.write(rows_of(IDS, VECTORS, DIM))
    for path in (tmp_path / "db" / "clips.lance" / "data").iterdir():
        path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(DatabaseError) as caught:
        opened(tmp_path).ids()
    assert caught.value.code == "database_refused"
    assert len(str(caught.value).splitlines()) == 1


def test_without_the_package_its_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(lancedb, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"vlret\[lancedb\]"):
        opened(tmp_path)


def test_a_filter_that_leaves_little_of_what_is_near_is_still_answered(tmp_path, monkeypatch):
    monkeypatch.setattr(lancedb, "_TAKEN", 50)
    database = opened(tmp_path)
    database.write(rows_of(IDS, VECTORS, DIM))
    database.optimize(approximate=True)
    database.effort = database.efforts[-1]
    order = np.argsort(-(VECTORS @ VECTORS[0]))
    for only in (np.sort(order[-20:]), np.sort(order[:200])):
        best = only[np.argsort(-(VECTORS[only] @ VECTORS[0]))][:5]
        assert database.search(VECTORS[0], 5, only)[1].tolist() == best.tolist()


def test_tables_in_an_object_store(s3):
    address = f"lancedb:{s3}/Ünïcode dir#t1"
    database = open_database(address, DIM)
    database.write(rows_of(IDS, VECTORS, DIM, columns(300, **FULL)))
    database.write(rows_of(IDS[:5], VECTORS[:5], DIM))
    database.write_files({"index.json": b"{}"})
    database.optimize(approximate=True)
    again = open_database(address)
    again.effort = again.efforts[-1]
    assert again.search(VECTORS[7], 1)[1].tolist() == [7]
    assert again.search(VECTORS[7], 1, IDS[8:])[1].tolist() != [7]
    assert again.read_files({"index.json"}) == {"index.json": b"{}"}
    assert len(again.ids()) == 300
    with pytest.raises(DatabaseError) as caught:
        open_database(f"lancedb:{s3}/none")
    assert caught.value.code == "no_table"


def test_a_table_that_names_files_elsewhere_is_refused(tmp_path):
    opened(tmp_path).write(rows_of(IDS, VECTORS, DIM))
    rows = lance.dataset(f"{tmp_path}/db/clips.lance")
    rows.shallow_clone(f"{tmp_path}/hostile/clips.lance", rows.version)
    with pytest.raises(DatabaseError) as caught:
        open_database(f"lancedb:{tmp_path}/hostile")
    assert caught.value.code == "database_refused"


def test_small_files_with_other_columns_are_refused(tmp_path):
    opened(tmp_path).close()
    table = pa.table({"name": ["index.json"], "text": ["{}"]})
    lance.write_dataset(table, f"{tmp_path}/db/clips_files.lance", mode="overwrite")
    with pytest.raises(DatabaseError) as caught:
        open_database(f"lancedb:{tmp_path}/db")
    assert caught.value.code == "other_dim"
