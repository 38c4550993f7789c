"""The commands over an S3 server: each works, or says in one line what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, process, vlret
from tests.stores import remove, upload
from vlret.media import local_copy
from vlret.object_store import write_bytes
from vlret.remote_path import RemotePath


@pytest.fixture
def films(s3: RemotePath, media: Path) -> RemotePath:
    upload(media, s3 / "films")
    return s3 / "films"


@pytest.fixture
def remote_index(films: RemotePath, models: Path, tmp_path: Path) -> Path:
    run = vlret("index", films, "--out", tmp_path / "index", "--model", models / "colour")
    assert (run.code, "3 new" in run.out) == (0, True), run
    return tmp_path / "index"


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the objects that are fetched from now on."""
    names: list[str] = []
    fetch = local_copy.fetch
    monkeypatch.setattr(
        local_copy, "fetch", lambda path, *rest: names.append(path.name) or fetch(path, *rest)
    )
    return names


def is_one_line(run: Run, code: int, *words: str) -> bool:
    lines = run.err.strip().splitlines()
    return run.code == code and len(lines) == 1 and all(word in lines[0] for word in words)


def test_search_shows_addresses_and_fetches_nothing(remote_index: Path, films: RemotePath, fetched) -> None:
    run = vlret("search", remote_index, "green", "--json")
    first = run.json["hits"][0]
    assert (first["path"], first["gone"]) == (f"{films}/green one.mp4", False)
    run = vlret("search", remote_index, "green")
    assert f"{films}/green one.mp4" in run.out
    assert "no longer exists" not in run.out
    assert str(films) in vlret("info", remote_index).out
    run = vlret("check", remote_index)
    assert run.out == f"{remote_index}: not damaged; 0 of 3 files missing, 3 at addresses not looked up\n"
    assert fetched == []


def test_pictures_and_clips_of_hits(remote_index: Path, films: RemotePath, tmp_path: Path, fetched) -> None:
    page, clips = tmp_path / "page.html", tmp_path / "clips"
    run = vlret("search", remote_index, "green", "-k", "1", "--html", page, "--trim", clips)
    assert run.code == 0, run.err
    assert "data:image/jpeg" in page.read_text()
    assert f"{films}/green one.mp4" in page.read_text()
    assert [path.suffix for path in clips.iterdir()] == [".mp4"]
    assert set(fetched) == {"green one.mp4"}


@pytest.mark.parametrize("suffix", ["edl", "fcpxml", "otio", "csv", "m3u", "coco.json", "labelstudio.json"])
def test_exports_name_the_address(remote_index: Path, films: RemotePath, tmp_path: Path, suffix: str) -> None:
    run = vlret("search", remote_index, "green", "-k", "1", "--export", tmp_path / f"hits.{suffix}")
    assert run.code == 0, run.err
    text = (tmp_path / f"hits.{suffix}").read_text()
    assert f"{films}/green one.mp4" in text or f"{films}/green%20one.mp4" in text


def test_queries_by_address(remote_index: Path, films: RemotePath, fetched) -> None:
    run = vlret("search", remote_index, f"{films}/green one.mp4", "--json")
    assert run.json["hits"][0]["path"] == f"{films}/green one.mp4"
    assert fetched == ["green one.mp4"]
    run = vlret("search", remote_index, f"{films}/long.mp4@0:15", "--json", "-k", "1")
    assert run.json["hits"][0]["path"] in (f"{films}/long.mp4", f"{films}/blue <b>.png")
    assert fetched == ["green one.mp4"]
    assert is_one_line(vlret("search", remote_index, f"{films}/gone.mp4"), 1, "gone.mp4", "no such object")


def test_moments(remote_index: Path, films: RemotePath, models: Path, fetched) -> None:
    run = vlret("search", remote_index, "blue", "--moments", "-k", "1")
    assert run.code == 0
    assert fetched == []
    assert vlret("index", films, "--out", remote_index, "--moments", "--model", models / "colour").code == 0
    del fetched[:]
    run = vlret("search", remote_index, "red", "--moments", "--json", "-k", "1")
    assert (run.json["hits"][0]["path"], fetched) == (f"{films}/long.mp4", [])


def test_media_at_addresses_are_labelled(films: RemotePath, models: Path) -> None:
    run = vlret(
        "label",
        f"{films}/*.mp4",
        "--labels",
        "red",
        "--labels",
        "green",
        "--model",
        models / "colour",
        "--json",
    )
    assert run.code == 0, run.err
    assert f"{films}/green one.mp4" in json.dumps(run.json)


def test_media_at_addresses_are_captioned_and_asked(films: RemotePath, models: Path, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("green\nred\n")
    model = ("--model", models / "colour")
    run = vlret("caption", f"{films}/green one.mp4", "--captioner", tmp_path / "texts.txt", *model, "--json")
    assert (run.code, '"green"' in run.out) == (0, True), run
    answers = ("--answers", "red", "--answers", "green")
    run = vlret("vqa", f"{films}/green one.mp4", "which colour?", *answers, *model, "--json")
    assert (run.code, run.json["answer"]) == (0, "green"), run
    run = vlret("vqa", f"{films}/gone.mp4", "which?", *answers, *model)
    assert (run.code, "gone.mp4: cannot be fetched: no such object" in run.err.splitlines()[-1]) == (1, True)


def test_duplicates(films: RemotePath, models: Path, tmp_path: Path, media: Path) -> None:
    write_bytes(films / "copy.mp4", (media / "long.mp4").read_bytes())
    assert vlret("index", films, "--out", tmp_path / "index", "--model", models / "colour").code == 0
    run = vlret("duplicates", tmp_path / "index", "--json")
    assert run.code == 0, run
    assert f"{films}/copy.mp4" in run.out
    assert f"{films}/long.mp4" in run.out


def test_upkeep(remote_index: Path, films: RemotePath, models: Path, fetched) -> None:
    remove(films / "green one.mp4")
    run = vlret("index", films, "--out", remote_index, "--prune", "--model", models / "colour", "--json")
    assert (run.json["unchanged"], run.json["dropped"], fetched) == (2, 1, [])
    assert vlret("remove", remote_index, f"{films}/*.png", "--json").json["files"] == 1
    assert vlret("compact", remote_index).code == 0
    assert vlret("reindex", remote_index, "--clips", "whole", "--json").json["clips"] == 1


def test_reindex_keeps_the_index_if_a_file_is_out_of_reach(remote_index: Path, films: RemotePath) -> None:
    remove(films / "long.mp4")
    before = vlret("info", remote_index, "--json").json["clips"]
    assert is_one_line(vlret("reindex", remote_index, "--clips", "whole"), 1, "cannot be reached", "long.mp4")
    assert vlret("info", remote_index, "--json").json["clips"] == before


def test_a_directory_that_moved_to_a_store(
    index: Path, media: Path, films: RemotePath, models: Path, tmp_path: Path
) -> None:
    import shutil

    shutil.copytree(index, tmp_path / "copy")
    arguments = ("--moved-from", media, "--model", models / "colour", "--json")
    run = vlret("index", films, "--out", tmp_path / "copy", *arguments)
    assert (run.json["new"], run.json["unchanged"]) == (0, 3)


def test_plan_encode_merge(films: RemotePath, models: Path, tmp_path: Path) -> None:
    store = films.parent
    plan, shards = f"{store}/plan.jsonl", f"{store}/shards"
    run = vlret("plan", films, "--shards", 2, "--out", plan, "--model", models / "colour")
    assert (run.code, run.out.startswith(f"{plan}: 3 files")) == (0, True), run
    for worker in ("0/2", "1/2"):
        run = vlret("encode", "--plan", plan, "--shard", worker, "--out", shards)
        assert run.code == 0, run
    assert vlret("merge", "--plan", plan, shards, "--out", tmp_path / "index", "--json").json["new"] == 3
    assert (
        vlret("search", tmp_path / "index", "green", "--json").json["hits"][0]["path"]
        == f"{films}/green one.mp4"
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("index", "{}/gone"), 2, "does not exist"),
        (("index", "s3://no-such-bucket"), 2, "does not exist"),
        (("index", "ftp://host/a"), 2, "is not an address"),
        (("index", "simplecache::s3://bucket/a"), 2, "is not an address"),
        (("index", "{}", "--dry-run"), 2, "not estimated"),
        (("index", "{}", "--out", "s3://bucket/index"), 2, "An index lies on this machine"),
        (("search", "s3://bucket/index", "red"), 2, "An index lies on this machine"),
        (("info", "s3://bucket/index"), 2, "An index lies on this machine"),
        (("watch", "{}", "--index", "here"), 2, "only directories of this machine are watched"),
    ],
)
def test_what_is_not_possible_is_one_line(
    films: RemotePath, tmp_path: Path, monkeypatch, words, code, said
) -> None:
    monkeypatch.chdir(tmp_path)
    run = vlret(*(word.format(films) for word in words))
    assert is_one_line(run, code, said), run
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_away_and_credentials_that_are_missing(
    films: RemotePath, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("index", films, "--out", tmp_path / "index", "--model", models / "colour")
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        patch.setenv("AWS_MAX_ATTEMPTS", "1")
        assert is_one_line(process(*arguments), 2, "the server cannot be reached")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert is_one_line(process(*arguments), 2, "no credentials were found")


def test_a_package_that_is_missing(films: RemotePath, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    assert is_one_line(vlret("index", films), 1, "pip install 'vlret[s3]'")


def test_a_network_that_goes_down_in_the_middle_costs_files_not_the_run(
    films: RemotePath, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = local_copy.fetch

    def failing(path: RemotePath, *rest: object) -> None:
        if path.name == "long.mp4":
            raise OSError(104, "Connection reset by peer")
        fetch(path, *rest)

    arguments = ("index", films, "--out", tmp_path / "index", "--model", models / "colour", "--json")
    with monkeypatch.context() as patch:
        patch.setattr(local_copy, "fetch", failing)
        run = vlret(*arguments)
    assert (run.code, run.json["new"]) == (0, 2)
    assert [(file["path"], file["reason"]) for file in run.json["skipped"]] == [
        (f"{films}/long.mp4", "cannot be fetched: Connection reset by peer")
    ]
    assert vlret(*arguments).json["new"] == 1
