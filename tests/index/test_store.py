from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.index.stand_in import CircleEmbedder, write_text_video
from vlret.errors import IndexFolderError, OutputError
from vlret.files import replace_file, temporary_beside
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.index.manifest import Manifest
from vlret.index.parquet_file import write_parquet
from vlret.index.store import Store
from vlret.index.tables import dropped_table

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
    assert Manifest.from_json(manifest.to_json().encode(), folder) == manifest
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


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rows", "4", r'field shards\[0\]\.rows is "4", not a whole number from 0'),
        ("bytes", -1, r"field shards\[0\]\.bytes is -1, not a whole number from 0"),
        ("rows", 10**9, r"field shards\[0\]\.rows is 1000000000: more than \d+ bytes can hold"),
        ("name", "../a.parquet", r"field shards\[0\]\.name is '\.\./a\.parquet'"),
    ],
)
def test_a_wrong_value_is_told_by_its_field(folder: Path, name: str, value: object, message: str) -> None:
    entry = json.loads((folder / "manifest.json").read_text())["shards"][0]
    edit_manifest(folder, shards=[{**entry, name: value}])
    with pytest.raises(IndexFolderError, match=rf"manifest\.json is a damaged manifest: {message}"):
        Index.open(folder)


@pytest.mark.parametrize("name", ["shards", "roots", "recipe", "revision", "dropped", "next_clip_id"])
def test_a_missing_field_is_told(folder: Path, name: str) -> None:
    values = json.loads((folder / "manifest.json").read_text())
    del values[name]
    (folder / "manifest.json").write_text(json.dumps(values))
    with pytest.raises(IndexFolderError, match=f"damaged manifest: field {name} is missing"):
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


def test_sweep_deletes_only_what_a_killed_writer_left(folder: Path) -> None:
    store = Store(folder)
    manifest = store.read_manifest()
    left, _ = store.write_table("shards", 9, dropped_table(np.arange(3)), manifest.id)
    strays = [folder / left.name, temporary_beside(folder / "shards" / "000009.parquet")]
    strays[1].write_bytes(b"left by a kill")
    kept = {
        "notes.txt": b"of the user",
        "labels.parquet": b"a table of the user",
        "shards/x.parquet": b"another",
        "shards/000008.parquet": write_parquet(dropped_table(np.arange(3)), "0" * 32),
        "dropped-000007.parquet": b"PAR1 by another program",
        ".mine.0123456789abcdef.part": b"a half file of another program",
    }
    for name, data in kept.items():
        (folder / name).write_bytes(data)
    store.sweep(manifest)
    assert not any(stray.exists() for stray in strays)
    assert {name: (folder / name).read_bytes() for name in kept} == kept
    assert Index.open(folder).check() == []


def test_a_table_of_the_user_is_never_overwritten(folder: Path) -> None:
    mine = [folder / "shards" / "000003.parquet", folder / "shards" / "000004.parquet"]
    for path in mine:
        path.write_bytes(b"a table of the user")
    write_text_video(folder.parent / "library" / "new.mp4", 7, 8, 9)
    build_index(folder.parent / "library", folder, CircleEmbedder())
    Index.open(folder).compact()
    assert [path.read_bytes() for path in mine] == [b"a table of the user"] * 2
    assert [entry.name[-11:-8] for entry in Index.open(folder).manifest.shards] == ["006"]
    assert len(Index.open(folder)) == 11


@pytest.mark.parametrize(
    "name", ["labels.parquet", "shards/x.parquet", "view/mine.faiss", "shards/000099.parquet"]
)
def test_files_that_a_user_puts_into_an_index_stay(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"of the user")
    for change in range(2):
        write_text_video(folder.parent / "library" / "0.mp4", 100 + change)
        build_index(folder.parent / "library", folder, CircleEmbedder(), prune=True)
        Index.open(folder).search(np.float32([[1, 0]]))
        Index.open(folder).compact()
    assert (folder / name).read_bytes() == b"of the user"


@pytest.mark.parametrize("name", ["shards/000001.parquet", ".hidden", "view/x.faiss", "notes.txt", "lock"])
def test_a_folder_of_the_user_without_an_index_is_refused_as_it_is(folder: Path, name: str) -> None:
    mine = folder.parent / "mine" / name
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"of the user")
    for library in (folder.parent / "library", folder.parent / "nothing"):
        library.mkdir(exist_ok=True)
        with pytest.raises(IndexFolderError, match="mine exists and is not an index"):
            build_index(library, folder.parent / "mine", CircleEmbedder())
    assert [path for path in (folder.parent / "mine").rglob("*") if path.is_file()] == [mine]


def test_a_folder_left_by_a_first_run_that_was_killed_is_taken(folder: Path) -> None:
    left = folder.parent / "left"
    left.mkdir()
    (left / "lock").write_text('{"pid": 7, "host": "')
    temporary_beside(left / "manifest.json").write_text("{")
    assert build_index(folder.parent / "library", left, CircleEmbedder()).new == 4
    assert sorted(path.name for path in left.iterdir()) == ["lock", "manifest.json", "shards", "view"]
