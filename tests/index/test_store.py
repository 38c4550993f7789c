from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.index.stand_in import CircleEmbedder, write_text_video
from vlret.errors import IndexFolderError, OutputError
from vlret.files import replace_file, temporary_beside
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.index.manifest import Manifest
from vlret.index.store import Store

pytestmark = pytest.mark.usefixtures("text_pool", "small_shards")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        write_text_video(tmp_path / "library" / f"{number}.mp4", number, number + 1)
    build_index(tmp_path / "library", tmp_path / "index", CircleEmbedder())
    return tmp_path / "index"


def edit_manifest(folder: Path, **values: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_a_manifest_comes_back_as_it_was(folder: Path) -> None:
    manifest = Store(folder).read_manifest()
    assert Manifest.from_json(manifest.to_json(), folder) == manifest
    assert len(manifest.shards) == 2


def test_an_index_of_a_newer_version_is_refused(folder: Path) -> None:
    edit_manifest(folder, version=2)
    with pytest.raises(IndexFolderError, match="format version 2; this vlret reads up to 1") as caught:
        Index.open(folder)
    assert "upgrade" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": "other", "version": 1}',
        '{"format": "vlret-index", "version": 1}',
        "\xff",
    ],
)
def test_a_damaged_manifest_is_told_by_its_path(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(IndexFolderError, match=r"manifest\.json"):
        Index.open(folder)


def test_a_manifest_with_unknown_values_still_opens(folder: Path) -> None:
    edit_manifest(folder, note="of a later vlret of the same version")
    assert len(Index.open(folder)) == 8


def test_a_folder_without_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexFolderError, match="holds no index"):
        Index.open(tmp_path / "nowhere")


def test_every_kind_of_damage_is_found(folder: Path) -> None:
    index = Index.open(folder)
    first, second = (folder / entry.name for entry in index.manifest.shards)
    data = bytearray(first.read_bytes())
    data[len(data) // 2] ^= 1
    first.write_bytes(data)
    second.write_bytes(second.read_bytes()[:-1])
    damage = index.check()
    assert damage[0] == "shards/000001.parquet: checksum differs"
    assert damage[1].startswith("shards/000002.parquet: ")
    assert "instead of" in damage[1]
    second.unlink()
    assert index.check()[1] == "shards/000002.parquet: No such file or directory"


@pytest.mark.parametrize("content", [None, b"", b"PAR1 is not enough"])
def test_a_damaged_or_missing_shard_is_told_by_name(folder: Path, content: bytes | None) -> None:
    shard = folder / "shards" / "000002.parquet"
    shard.unlink() if content is None else shard.write_bytes(content)
    with pytest.raises(IndexFolderError, match=r"000002\.parquet"):
        Index.open(folder)


def test_a_shard_with_other_rows_than_the_manifest_says_is_refused(folder: Path) -> None:
    entry = json.loads((folder / "manifest.json").read_text())["shards"][0]
    edit_manifest(folder, shards=[{**entry, "rows": 5}])
    with pytest.raises(IndexFolderError, match="4 rows instead of 5"):
        Index.open(folder)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_file(tmp_path / "a", b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="a cannot be written: No space left"):
        replace_file(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"


def test_sweep_deletes_only_what_the_manifest_does_not_name(folder: Path) -> None:
    manifest = Store(folder).read_manifest()
    strays = [
        folder / "shards" / "000009.parquet",
        folder / "dropped-000007.parquet",
        temporary_beside(folder / "shards" / "000009.parquet"),
    ]
    for stray in strays:
        stray.write_bytes(b"left by a kill")
    (folder / "notes.txt").write_text("of the user")
    Store(folder).sweep(manifest)
    assert not any(stray.exists() for stray in strays)
    assert (folder / "notes.txt").exists()
    assert Index.open(folder).check() == []
