from __future__ import annotations

from pathlib import Path

import pytest

from vlret.errors import UsageError
from vlret.index.backends.address import Address, is_database, parse_address, require_no_address
from vlret.index.backends.databases import open_database

GOOD = {
    "lancedb:dir": (Address("lancedb", "dir", "clips"), "lancedb:dir"),
    "lancedb:/a b/ü#x_1": (Address("lancedb", "/a b/ü", "x_1"), "lancedb:/a b/ü#x_1"),
    "lancedb:s3://bucket/dir": (Address("lancedb", "s3://bucket/dir", "clips"), "lancedb:s3://bucket/dir"),
    "qdrant:http://host:6333": (Address("qdrant", "http://host:6333", "clips"), "qdrant:http://host:6333"),
    "qdrant:https://key:secret@host": (
        Address("qdrant", "https://key:secret@host", "clips"), "qdrant:https://key@host"
    ),
    "postgresql://me:se/cr@et@host:5432/db?sslmode=require&password=secret#t": (
        Address("postgresql", "postgresql://me:se/cr@et@host:5432/db?sslmode=require&password=secret", "t"),
        "postgresql://me@host:5432/db#t",
    ),
    "postgres:///db": (Address("postgresql", "postgresql:///db", "clips"), "postgresql:///db"),
}  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_an_address_has_a_kind_a_location_and_a_table(text):
    address, shown = GOOD[text]
    assert is_database(text)
    assert parse_address(text) == address
    assert address.shown == shown
    assert "cret" not in repr(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dir",
        "/a/lancedb:x",
        "lancedb",
        "lancedb:",
        "qdrant://",
        "mysql://h/d",
        "#t",
        None,
        Path("lancedb:x"),
    ],
)
def test_what_is_no_address_is_refused(text):
    for read in parse_address, open_database:
        with pytest.raises(UsageError) as caught:
            read(text)
        assert caught.value.code == "bad_address"


@pytest.mark.parametrize("table", ["", "1a", "a-b", "a b", "a/b", "ü", "x" * 49, "a;drop"])
def test_a_table_has_a_name_that_every_database_takes(table):
    with pytest.raises(UsageError) as caught:
        parse_address(f"postgresql://me:secret@host/db#{table}")
    assert caught.value.code == "bad_table_name"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("given", ["postgresql://me:secret@host/db", Path("postgresql://me:secret@host/db")])
def test_what_changes_an_index_takes_no_address_and_shows_no_password(given):
    with pytest.raises(UsageError) as caught:
        require_no_address(given)
    assert caught.value.code == "index_in_database"
    assert "secret" not in str(caught.value)
    require_no_address("indexes/lancedb:x")


@pytest.mark.parametrize(
    "given",
    ["qdrant:https://me:secret@host", "qdrant:http://host?key=secret", "lancedb:s3://me:secret@bucket/dir"],
)
def test_a_path_of_an_address_shows_no_password_either(given):
    with pytest.raises(UsageError) as caught:
        require_no_address(Path(given))
    assert "secret" not in f"{caught.value} {caught.value.fields}"


def test_a_password_with_a_hash_is_refused_without_being_shown():
    with pytest.raises(UsageError) as caught:
        parse_address("postgresql://me:open#sesame@host/db")
    assert caught.value.code == "bad_address"
    assert "sesame" not in f"{caught.value} {caught.value.fields}"
