"""A service over an index of files in an object store: it searches, and fetches nothing for anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ColourEmbedder
from tests.server.conftest import error_of, search
from tests.stores import upload
from vlret.index.build import build_index
from vlret.media import local_copy
from vlret.remote_path import RemotePath
from vlret.reports.exports.write_export import FORMATS


@pytest.fixture
def remote(s3: RemotePath, media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    upload(media, s3)
    build_index(s3, tmp_path / "remote", model=ColourEmbedder(), progress=False)
    monkeypatch.setattr(local_copy, "fetch", None)
    monkeypatch.setattr("vlret.object_store.file_system", None)
    return tmp_path / "remote"


def test_it_searches_and_says_what_it_does_not_show(start, remote: Path, s3: RemotePath) -> None:
    client = start(indexes=(remote,))
    found = search(client, query="green", k=1, moments=True)
    (hit,) = found["hits"]
    assert (hit["name"], hit["gone"]) == ("green one.mp4", False)
    assert [line.partition(":")[0] for line in found["warnings"]] == ["No moment of green one.mp4"]
    assert str(s3) not in str(found)
    base = f"/api/indexes/remote/media/{hit['media_id']}"
    for address in (hit["thumbnail"], hit["sprite"], hit["play"], base, f"{base}/file"):
        assert error_of(client.get(address)) == (404, "file_at_address")
    hits = [{"index": "remote", "clip_id": hit["clip_id"], "start": 0.0, "end": 1.0, "text": "x"}]
    for form in FORMATS:
        answer = client.post("/api/export", json={"format": form, "title": "t", "hits": hits})
        assert error_of(answer) == (404, "file_at_address")


def test_paths_are_shown_where_that_is_wanted(start, remote: Path, s3: RemotePath) -> None:
    (hit,) = search(start(indexes=(remote,), show_paths=True), query="green", k=1)["hits"]
    assert hit["path"] == f"{s3}/green one.mp4"
