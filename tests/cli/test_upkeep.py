"""`vlret remove`, `vlret check`, `vlret compact`, `vlret optimize` and `vlret reindex`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import vlret
from tests.index.synthetic import ROOT, synthetic_index, unit_rows
from vlret.index.index import Index


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Files f000.mp4 to f003.mp4 of three clips each; none of them is there."""
    synthetic_index(tmp_path / "index", unit_rows(12, 8))
    return tmp_path / "index"


def names(index: Path) -> list[str]:
    return list(Index.open(index).rows()["relative_path"].unique())


def test_a_file_is_removed(index):
    run = vlret("remove", index, f"{ROOT}/f001.mp4", f"{ROOT}/f003.mp4", "--json")
    assert (run.code, run.json) == (0, {"schema": 1, "index": str(index), "files": 2, "clips": 6})
    assert names(index) == ["f000.mp4", "f002.mp4"]


def test_a_folder_is_removed_with_all_that_is_in_it(index):
    run = vlret("remove", index, ROOT)
    assert (run.code, run.out) == (0, "removed 4 files (12 clips); run `vlret compact` to free their space\n")
    assert names(index) == []
    assert vlret("remove", index, "/media").code == 1


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["*1.mp4"], ["f000.mp4", "f002.mp4", "f003.mp4"]),
        ([f"{ROOT}/f00[12].mp4"], ["f000.mp4", "f003.mp4"]),
        (["f00[0-2].mp4", "*3.mp4"], []),
        (["*/f00?.mp4"], []),
        (["*1.mp4", f"{ROOT}/f001.mp4"], ["f000.mp4", "f002.mp4", "f003.mp4"]),
    ],
)
def test_patterns_match_the_files_of_the_index(index, patterns, left):
    assert vlret("remove", index, *patterns).code == 0
    assert names(index) == left


def test_a_pattern_may_be_relative_to_the_working_directory(media, models, tmp_path, monkeypatch):
    vlret("index", media, "--out", tmp_path / "videos", "--model", models / "colour")
    monkeypatch.chdir(media.parent)
    assert vlret("remove", tmp_path / "videos", f"{media.name}/*.mp4").code == 0
    assert names(tmp_path / "videos") == ["blue <b>.png"]


def test_a_name_with_brackets_is_first_of_all_a_name(models, media, tmp_path):
    (tmp_path / "films").mkdir()
    for name in ("a[1].png", "a1.png"):
        (tmp_path / "films" / name).write_bytes((media / "blue <b>.png").read_bytes())
    vlret("index", tmp_path / "films", "--out", tmp_path / "videos", "--model", models / "colour")
    assert vlret("remove", tmp_path / "videos", tmp_path / "films" / "a[1].png").code == 0
    assert names(tmp_path / "videos") == ["a1.png"]


@pytest.mark.parametrize("path", ["f00", "f001", "f001.mp4/x", "*.mov"])
def test_what_the_index_does_not_have_is_refused(index, path):
    run = vlret("remove", index, f"{ROOT}/f000.mp4", f"{ROOT}/{path}")
    assert run.code == 1
    assert f"contains nothing of {ROOT}/{path}" in run.err
    assert len(names(index)) == 4


def test_an_index_that_is_whole_and_one_that_is_damaged(index, media, models, tmp_path):
    vlret("index", media, "--out", tmp_path / "whole", "--model", models / "colour")
    run = vlret("check", tmp_path / "whole")
    assert (run.code, run.out) == (0, f"{tmp_path / 'whole'}: not damaged; 0 of 3 files missing\n")
    run = vlret("check", index, "--json")
    assert (run.code, run.json["damaged"], len(run.json["gone"]), run.json["files"]) == (0, [], 4, 4)
    assert f"missing: {ROOT}/f000.mp4" in vlret("check", index).out
    (shard,) = (index / "shards").iterdir()
    data = bytearray(shard.read_bytes())
    data[100] ^= 1
    shard.write_bytes(bytes(data))
    run = vlret("check", index, "--json")
    assert run.code == 1
    assert run.json["damaged"] == [f"shards/{shard.name}: checksum differs"]
    assert "damaged: shards/" in vlret("check", index).out


def test_compacting_frees_the_space_of_what_was_removed(index):
    vlret("remove", index, f"{ROOT}/f001.mp4")
    run = vlret("compact", index, "--json")
    assert (run.code, run.json["removed_clips"]) == (0, 3)
    assert run.json["bytes"] < run.json["bytes_before"]
    assert vlret("compact", index).out.startswith("removed 0 dropped clips: ")
    assert len(names(index)) == 3


def test_a_search_fits_into_the_memory_that_is_given(index):
    run = vlret("optimize", index, "--memory", "1 MB", "--json")
    assert (run.code, run.json["type"], run.json["memory_limit"]) == (0, "IDMap,Flat", 10**6)
    assert vlret("optimize", index, "--memory", "1GB").out == "IDMap,Flat: 0 kB, recall@10 1.000\n"
    assert "search    exact (IDMap,Flat), recall@10 1.000\n" in vlret("info", index).out
    for memory, reason in (("0kB", "at least"), ("much", "not a size")):
        run = vlret("optimize", index, "--memory", memory)
        assert (run.code, run.out, len(run.err.splitlines())) == (2, "", 1)
        assert reason in run.err


def test_a_view_that_is_out_of_date_is_told(index):
    Index.open(index).search(unit_rows(1, 8))
    vlret("remove", index, f"{ROOT}/f001.mp4")
    assert "recall@10 1.000; out of date: the next search changes it\n" in vlret("info", index).out


@pytest.mark.parametrize("verb", ["remove", "check", "compact", "optimize"])
def test_no_index_is_one_line(tmp_path, verb):
    run = vlret(verb, tmp_path, *{"remove": ["x"], "optimize": ["--memory", "1GB"]}.get(verb, []))
    assert (run.code, run.out, len(run.err.splitlines())) == (1, "", 1)
    assert list(tmp_path.iterdir()) == []


def test_an_index_gets_another_model(media, models, tmp_path):
    vlret("index", media, "--out", tmp_path / "videos", "--model", models / "colour")
    run = vlret("reindex", tmp_path / "videos", "--model", models / "asked", "--clips", "window:5")
    assert run.code == 0, run.err
    assert run.out.startswith(f"{tmp_path / 'videos'}: 6 clips of 3 files by asked, in ")
    assert vlret("search", tmp_path / "videos", "red").code == 0
    run = vlret("reindex", tmp_path / "videos", "--json")
    assert (run.code, run.json["is_new"], run.json["clips"], run.json["gone"]) == (0, False, 6, [])


def test_a_reindex_without_its_drive_names_the_option(index):
    run = vlret("reindex", index, "--clips", "whole", "--model", "vljepa-mini")
    assert (run.code, len(run.err.splitlines())) == (1, 1)
    assert "--prune-missing-folders" in run.err
