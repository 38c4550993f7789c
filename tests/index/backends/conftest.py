"""A fixture for each database, as listed in `tests.index.backends.places.DATABASES`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.index.backends import postgres_server
from tests.index.backends.places import Place
from tests.index.backends.qdrant_http import serving
from vlret.index.backends.database import Database
from vlret.index.backends.databases import open_database


@pytest.fixture
def lance(tmp_path: Path) -> Place:
    address = f"lancedb:{tmp_path / 'Ünïcode 🎬'}#t1"
    return Place(lambda dim=None: open_database(address, dim), address)


@pytest.fixture
def qdrant_in_this_process(tmp_path: Path) -> Place:
    address = f"qdrant:{tmp_path}/Qdrant of Ünïcode"
    return Place(lambda dim=None: open_database(address, dim), None)


@pytest.fixture
def qdrant_server(tmp_path: Path) -> Iterator[Place]:
    with serving(tmp_path) as server:
        address = f"qdrant:{server.url}"
        yield Place(lambda dim=None: open_database(address, dim), address)


@pytest.fixture(scope="session")
def postgres_server_of_tests() -> Iterator[postgres_server.Server]:
    with postgres_server.serving() as server:
        yield server


@pytest.fixture
def postgres(
    postgres_server_of_tests: postgres_server.Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    monkeypatch.setenv(
        "PGHOST", str(postgres_server_of_tests.folder)
    )  # as `Database.address` does not say it
    address = postgres_server_of_tests.address(f"t{uuid4().hex}")
    opened: list[Database] = []

    def open_one(dim: int | None = None) -> Database:
        opened.append(open_database(address, dim))
        return opened[-1]

    yield Place(open_one, address)
    for database in opened:
        database.close()
