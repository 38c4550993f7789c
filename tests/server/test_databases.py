"""A service over an index in a database answers as one over the index, and sees what is pushed meanwhile."""

from __future__ import annotations

import shutil

import pytest

from tests.server.conftest import names, search, service
from vlret.index.pushed.push import push
from vlret.index.remove import remove_files
from vlret.server import library


@pytest.fixture
def pushed(index, tmp_path):
    """A copy of the index, and the address that it was pushed to."""
    folder, address = tmp_path / "index", f"lancedb:{tmp_path}/db#films"
    shutil.copytree(index, folder)
    push(folder, address)
    return folder, address


def test_a_service_searches_a_database(index, pushed, tmp_path, monkeypatch):
    monkeypatch.setattr(library, "_LOOK_S", 0.0)
    folder, address = pushed
    with service(index, tmp_path / "cache 1") as local, service(address, tmp_path / "cache 2") as client:
        assert [one["id"] for one in client.get("/api/indexes").json()["indexes"]] == ["films"]
        assert names(search(client, query="red")) == names(search(local, query="red")) != []
        path = search(client, query="red")["hits"][0]["name"]
        remove_files(folder, [f"*{path}"])
        push(folder, address)
        client.get("/api/indexes")
        assert path not in [name for name, _ in names(search(client, query="red"))]
