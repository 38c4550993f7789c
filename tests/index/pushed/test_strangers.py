"""What a database says is not believed: names, sizes and checksums are looked at, and the copy on this machine, too."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace

import pytest

from tests.index.pushed.conftest import ADDRESS, change
from vlret.cache_folder import default_cache
from vlret.errors import VlretError
from vlret.index.annotate import annotate
from vlret.index.index import Index
from vlret.index.pushed import local_copy as copying
from vlret.index.pushed.header import MANIFEST, NAME, PushedFile, read_header
from vlret.index.pushed.pieces import piece_names, save_file, write_pieces
from vlret.index.pushed.push import push


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VLRET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "databases"


@pytest.fixture
def pushed(database, index):
    push(index.folder, ADDRESS)
    return database


def refused(code: str) -> None:
    with pytest.raises(VlretError) as caught:
        Index.open(ADDRESS)
    assert caught.value.code == code


def change_header(database, **values) -> None:
    header = json.loads(database.files[NAME])
    database.files[NAME] = json.dumps({**header, **values}).encode()


GOOD = {"bytes": 10, "sha256": "0" * 64}


@pytest.mark.parametrize(
    "values",
    [
        {"format": "other"},
        {"version": "1"},
        {"id": "../../etc"},
        {"effort": -1},
        {"effort": 2**40},
        {"recall_at_10": 1.5},
        {"recall_at_10": float("nan")},
        {"files": [{"name": "../../home/.bashrc", **GOOD}]},
        {"files": [{"name": "/etc/passwd", **GOOD}]},
        {"files": [{"name": "view/info.json", **GOOD}]},
        {"files": [{"name": "skipped-000001.parquet", **GOOD}]},
        {"files": [{"name": MANIFEST, **GOOD}] * 2},
        {"files": [{"name": MANIFEST, "bytes": 2**40, "sha256": "0" * 64}]},
        {"files": [{"name": MANIFEST, "bytes": 10, "sha256": "../" * 21}]},
        {"files": 7},
    ],
)
def test_a_header_that_vlret_does_not_write_is_refused(pushed, values, cache):
    change_header(pushed, **values)
    refused("index_damaged")
    assert not cache.exists()


def test_a_header_of_a_newer_vlret_says_so(pushed):
    change_header(pushed, version=2)
    refused("newer_format")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"null"])
def test_a_header_that_is_no_json_object_is_refused(pushed, data):
    pushed.files[NAME] = data
    refused("index_damaged")


def test_a_piece_with_other_bytes_is_refused_and_not_kept(pushed, cache):
    for name in set(pushed.files) - {NAME}:
        good = pushed.files[name]
        for bad in (b"x" + good[1:], good + b"x", b"", bytes(5 << 20)):
            pushed.files[name] = bad
            refused("index_damaged")
        del pushed.files[name]
        refused("index_damaged")
        pushed.files[name] = good
    assert not cache.exists() or not list(cache.iterdir())
    Index.open(ADDRESS)


def test_files_that_do_not_belong_together_are_refused(pushed, index):
    header = read_header(pushed)
    manifest = index.manifest.to_json().replace(index.manifest.id, "1" * 32).encode()
    others = {MANIFEST: manifest}
    files = [file for file in header.files if file.name != MANIFEST]
    pushed.files[NAME] = replace(header, files=(*files, *write_pieces(pushed, others))).to_bytes()
    refused("index_damaged")
    only_manifest = tuple(file for file in header.files if file.name == MANIFEST)
    pushed.files[NAME] = replace(header, files=only_manifest).to_bytes()
    refused("index_damaged")


def test_a_damaged_copy_is_made_again(pushed, cache, index):
    folder = Index.open(ADDRESS).folder
    (columns,) = (folder / "view").glob("*.columns")
    columns.write_bytes(columns.read_bytes()[:-1] + b"x")
    assert Index.open(ADDRESS).rows().equals(index.rows())


@pytest.mark.parametrize("data", [None, b"", b"{"])
def test_a_copy_without_a_whole_manifest_is_made_again(pushed, index, data):
    manifest = Index.open(ADDRESS).folder / MANIFEST
    manifest.unlink()
    if data is not None:
        manifest.write_bytes(data)
    assert Index.open(ADDRESS).rows().equals(index.rows())
    assert push(index.folder, ADDRESS).written == 0


def test_a_table_that_is_missing_in_the_copy_is_copied_again(database, index, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("path,mood\n/media/library/f001.mp4,glad\n")
    annotate(index.folder, table)
    push(index.folder, ADDRESS)
    (kept,) = Index.open(ADDRESS).folder.glob("annotations*")
    kept.unlink()
    assert Index.open(ADDRESS).info()["columns"] == {"mood": "text"}


def test_a_copy_is_kept_and_used_again(pushed, cache):
    folder = Index.open(ADDRESS).folder
    assert folder.parent == cache
    for name in set(pushed.files) - {NAME}:
        del pushed.files[name]
    assert Index.open(ADDRESS).folder == folder
    assert default_cache() == cache.parent


def test_copies_that_were_used_longest_ago_are_deleted(pushed, index, cache, monkeypatch):
    first = Index.open(ADDRESS)
    monkeypatch.setattr(copying, "_MOST_BYTES", 1)
    change(index.folder)
    push(index.folder, ADDRESS)
    second = Index.open(ADDRESS)
    assert list(cache.iterdir()) == [second.folder]
    assert len(first.rows()) == 60  # what is open stays


def test_a_copy_that_another_process_makes_stays_and_what_a_killed_one_left_goes(pushed, cache, monkeypatch):
    folder = Index.open(ADDRESS).folder
    for name, age_s in ((".new.part", 0), (".left.part", 10**6)):
        (cache / name).mkdir()
        os.utime(cache / name, (time.time() - age_s,) * 2)
    monkeypatch.setattr(copying, "_MOST_BYTES", 1)
    Index.open(ADDRESS)
    assert {path.name for path in cache.iterdir()} == {folder.name, ".new.part"}


def test_a_link_in_the_place_of_a_copy_is_refused(pushed, cache, tmp_path):
    folder = Index.open(ADDRESS).folder
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    refused("not_a_plain_file")


def test_pieces_are_named_by_content():
    file = PushedFile("manifest.json", (4 << 20) + 1, "a" * 64)
    assert piece_names(file) == ["a" * 32 + "-00000", "a" * 32 + "-00001"]
    assert piece_names(replace(file, bytes=4 << 20)) == ["a" * 32 + "-00000"]


def test_a_file_of_several_pieces_comes_back_whole(database, tmp_path):

    data = bytes(range(256)) * 40_000
    (file,) = write_pieces(database, {"manifest.json": data})
    assert sorted(database.files) == piece_names(file)
    save_file(database, file, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == data
    database.remove_files({piece_names(file)[1]})
    with pytest.raises(LookupError):
        save_file(database, file, tmp_path / "out2")
    assert not (tmp_path / "out2").exists()
