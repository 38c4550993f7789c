"""`vlret push`, and the other commands with the address that an index was pushed to."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import vlret
from vlret.index.index import Index

pytest.importorskip("lance")


@pytest.fixture(scope="module")
def address(index, tmp_path_factory):
    where = f"lancedb:{tmp_path_factory.mktemp('databases')}#painted"
    run = vlret("push", index, "--to", where)
    assert run.code == 0, run.err
    assert run.out == f"{where}: 4 clips (4 written, 0 removed); every search is exact\n"
    return where


SEARCHES = [
    ["red"],
    ["red", "--all-clips"],
    ["a blue car", "-k", "2"],
    ["a blue car", "-k", "1", "--page", "2"],
    ["red", "--plus", "green^0.7", "--not", "blue^0.2"],
    ["red", "--only", "long"],
    ["red", "--only", "*.png", "--all-clips"],
    ["red", "--exclude", "green", "--exclude", "*.png"],
    ["red", "--where", "duration > 5", "--all-clips"],
    ["red", "--where", "name like '%<b>%' or start >= 10", "--all-clips", "--sort", "path"],
    ["red", "--where", "size < 0"],
    ["red", "--sort", "time"],
    ["red", "--copies"],
]


def documents(index, address, *arguments):
    """The JSON of a search in both, without the place of the index."""
    runs = [vlret("search", place, *arguments, "--json") for place in (index, address)]
    assert runs[0].code == runs[1].code
    assert runs[0].err.replace(str(index), "INDEX") == runs[1].err.replace(address, "INDEX")
    found = [json.loads(run.out.replace(json.dumps(str(place))[1:-1], "INDEX"))
             for run, place in zip(runs, (index, address), strict=True)]  # fmt: skip
    for document in found:
        for hit in document["hits"]:
            hit["score"] = round(hit["score"], 5)
    return found


@pytest.mark.parametrize("arguments", SEARCHES, ids=" ".join)
def test_a_search_finds_the_same_in_the_database(index, address, arguments):
    local, pushed = documents(index, address, *arguments)
    assert pushed == local
    assert pushed["index"] == "INDEX"
    assert pushed["hits"] or "size" in arguments[-1]


def test_files_are_queries_and_results_are_exported(index, address, media, tmp_path):
    local, pushed = documents(index, address, media / "green one.mp4")
    assert pushed == local
    run = vlret("search", address, "red", "--html", tmp_path / "page.html", "--export", tmp_path / "cuts.edl")
    assert run.code == 0
    assert "long.mp4" in (tmp_path / "page.html").read_text()
    assert (tmp_path / "cuts.edl").stat().st_size


def test_stored_windows_come_along(media, models, tmp_path):
    folder, where = tmp_path / "index", f"lancedb:{tmp_path}/db"
    assert vlret("index", media, "--out", folder, "--model", models / "colour", "--moments").code == 0
    assert vlret("push", folder, "--to", where).code == 0
    local, pushed = documents(folder, where, "blue", "--moments")
    assert pushed == local
    assert (pushed["hits"][0]["start"], pushed["hits"][0]["end"]) != (0, 20)
    windows = [Index.open(place).windows(media / "long.mp4") for place in (folder, where)]
    assert np.array_equal(windows[0].vectors, windows[1].vectors)
    assert len(windows[1].vectors) > 10


def test_an_index_and_a_database_are_searched_as_one(index, address):
    run = vlret("search", index, address, "red", "--json")
    alone = vlret("search", index, "red", "--json")
    assert [hit["path"] for hit in run.json["hits"]] == [hit["path"] for hit in alone.json["hits"]]
    assert run.json["indexes"] == [str(index), address]


def test_info_says_how_the_database_is_searched(address):
    lines = vlret("info", address).out.splitlines()
    assert lines[0] == f"index     {address}"
    assert "search    LanceDB, exact; 4 clips there" in lines
    assert vlret("info", address, "--json").json["database"]["n_vectors"] == 4


def test_label_and_vqa_read_the_index(index, address, models):
    for verb, rest in (
        ("label", ["--labels", "red,green,blue", "--json"]),
        ("vqa", ["what is it?", "--answers", "red", "--answers", "green", "--json"]),
    ):
        local, pushed = (vlret(verb, place, *rest) for place in (index, address))
        assert local.code == 0, local.err
        assert pushed.out == local.out


def test_the_configuration_of_a_client_holds_an_absolute_address(address, monkeypatch):
    folder = Path(address.removeprefix("lancedb:").removesuffix("#painted"))
    monkeypatch.chdir(folder.parent)
    run = vlret("mcp", f"lancedb:{folder.name}#painted", "--config")
    assert run.json["mcpServers"]["vlret"]["args"] == ["-m", "vlret", "mcp", address]


VERBS = {
    "remove": ["x.mp4"], "compact": [], "optimize": ["--memory", "1GB"], "check": [], "reindex": [], "duplicates": [],
    "annotate": ["table.csv"],
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_what_would_change_an_index_is_refused(address, verb):
    run = vlret(verb, address, *VERBS[verb])
    assert run.code == 2
    assert "Change the index in its directory, and push it again." in run.err


def test_an_index_is_not_built_in_a_database(media, models, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = vlret("index", media, "--out", "lancedb:db", "--model", models / "colour")
    assert run.code == 2
    assert not list(tmp_path.iterdir())


def test_a_second_push_does_nothing_and_json_says_so(index, address):
    assert vlret("push", index, "--to", address, "--json").json == {
        "schema": 1, "index": str(index), "address": address, "written": 0, "removed": 0, "clips": 4, "is_exact": True,
        "recall_at_10": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("to", "code", "words"),
    [
        ("mysql://h/d", 2, "is no address of a database"),
        ("lancedb:", 2, "is no address of a database"),
        ("lancedb:x#1", 2, "is no name of a table"),
    ],
)
def test_wrong_addresses_are_one_line(index, to, code, words):
    run = vlret("push", index, "--to", to)
    assert run.code == code
    assert words in run.err
    assert len(run.err.splitlines()) == 1


def test_a_place_that_cannot_be_written_is_one_line(index, tmp_path):
    (tmp_path / "file").touch()
    run = vlret("push", index, "--to", f"lancedb:{tmp_path}/file/db")
    assert (run.code, len(run.err.splitlines())) == (1, 1)
    assert f"lancedb:{tmp_path}/file/db: " in run.err


def test_where_nothing_was_pushed_push_is_named(tmp_path, index):
    run = vlret("search", f"lancedb:{tmp_path}/none", "red")
    assert run.code == 1
    assert f"vlret push INDEX --to lancedb:{tmp_path}/none" in run.err
    assert vlret("push", tmp_path / "none", "--to", f"lancedb:{tmp_path}/db").code == 1
    assert vlret("push", f"lancedb:{tmp_path}/db", "--to", f"lancedb:{tmp_path}/db2").code == 2
