"""The sample clips in every database: `vlret search` prints there what it prints for the index."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import vlret
from tests.index.backends.places import DATABASES
from vlret.index.backends.databases import open_database
from vlret.models.registry import ASSETS

SAMPLES = ASSETS / "samples"
SEARCHES = [
    ("people cross a square",),
    ("a cat", "-k", "20", "--all-clips"),
    ("city lights", "--where", "duration > 8"),
    ("a red car", "--only", "*.jpg", "-k", "2", "--page", "2"),
    ("traffic", "--where", "width > 10 and name like '%c%'", "--sort", "path"),
    (str(SAMPLES / "photos" / "cat_face.jpg"), "-k", "3"),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("indexes") / "samples"
    run = vlret("index", SAMPLES / "videos", SAMPLES / "photos", "--out", folder)
    assert run.code == 0, run.err
    return folder


@pytest.fixture(params=DATABASES)
def address(
    request: pytest.FixtureRequest, index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    monkeypatch.setenv("VLRET_CACHE", str(tmp_path / "cache"))
    database = request.getfixturevalue(request.param).open(384)
    database.close()
    run = vlret("push", index, "--to", database.address)
    assert run.code == 0, run.err
    return database.address


def found(place: object, search: tuple[str, ...]) -> dict:
    """What a search prints, without its place and the last digits of the scores."""
    run = vlret("search", place, *search, "--json")
    document = json.loads(run.out.replace(json.dumps(str(place))[1:-1], "PLACE"))
    for hit in document["hits"]:
        hit |= {name: round(hit[name], 5) for name in ("score", "probability") if hit[name] is not None}
    return document


def test_searches_find_what_they_find_in_the_index(index, address):
    for search in SEARCHES:
        there = found(address, search)
        assert there == found(index, search)
        assert there["hits"]
    database = open_database(address)
    assert database.dim == 384
    database.close()
