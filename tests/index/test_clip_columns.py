from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from tests.index.synthetic import ROOT, add_file, new_index, unit_rows
from vlret.errors import IndexFolderError
from vlret.index import build_columns
from vlret.index.clip_columns import ClipColumns
from vlret.index.columns_file import columns_bytes
from vlret.index.columns_view import load_columns, open_columns
from vlret.index.compact import compact_store
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store

DIM = 4


def made(folder: Path, files: int = 6, clips: int = 3) -> Store:
    """An index with one shard for each two files."""
    writer = new_index(folder, DIM)
    for number in range(files):
        add_file(writer, f"é/{number}.mp4", unit_rows(clips, DIM, seed=number))
        if number % 2:
            writer.commit()
    writer.commit()
    return Store(folder)


def opened(store: Store) -> ClipColumns:
    return open_columns(store, store.read_manifest())


def the_file(store: Store) -> Path:
    (path,) = (store.folder / "view").glob("*.columns")
    return path


def assert_is(columns: ClipColumns, store: Store) -> None:
    """The columns hold what the shards hold, read with pandas."""
    rows = Snapshot.read(store).rows
    assert columns.clip_ids.tolist() == rows["clip_id"].tolist()
    assert columns.starts.tolist() == rows["start"].tolist()
    assert columns.ends.tolist() == rows["end"].tolist()
    assert columns.files.tolist() == list(rows.groupby(["root", "path"], sort=False).ngroup())
    files = columns.file_table.to_pandas().iloc[columns.files].reset_index(drop=True)
    for name in ("root", "path", "fingerprint", "size", "mtime_ns", "duration_s", "codec", "fps", "taken"):
        assert files[name].tolist() == rows[name].tolist()
    assert [columns.path(number) for number in columns.files] == rows["path"].tolist()
    for number in range(columns.n_files):
        assert columns.clips_of(number).tolist() == np.flatnonzero(columns.files == number).tolist()


def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the shards that are read from now on."""
    names: list[str] = []
    whole = build_columns.read_clips
    monkeypatch.setattr(
        build_columns, "read_clips", lambda *given: (names.append(given[2].name), whole(*given))[1]
    )
    return names


def test_columns_hold_the_live_rows_of_the_shards(tmp_path: Path) -> None:
    store = made(tmp_path)
    writer_ids = [1, 2, 9]
    assert_is(opened(store), store)
    drop(store, writer_ids)
    columns = opened(store)
    assert_is(columns, store)
    assert [(s.rows, s.first_id, s.next_id, s.live) for s in columns.shards] == [
        (6, 0, 6, 4), (6, 6, 12, 5), (6, 12, 18, 6),
    ]  # fmt: skip


def drop(store: Store, clip_ids: list[int]) -> None:
    from vlret.index.writer import IndexWriter

    snapshot = Snapshot.read(store)
    writer = IndexWriter(snapshot, snapshot.manifest.roots)
    writer.drop(clip_ids)
    writer.commit()


def test_metadata_that_is_not_known_is_null(tmp_path: Path) -> None:
    writer = new_index(tmp_path, DIM)
    add_file(writer, "known.mp4", unit_rows(1, DIM))
    from vlret.index.tables import FileRow
    from vlret.types import Clip

    writer.add(
        FileRow(0, "old.mp4", 7, -8),
        "f",
        [Clip(Path("old.mp4"), 0.0, 1.5)],
        unit_rows(1, DIM),
        np.empty(0, np.int64),
    )
    writer.commit()
    known, old = opened(Store(tmp_path)).file_table.to_pylist()
    assert known["taken"] == datetime(2024, 5, 6, 14, 3, 22)
    assert old == {
        "root": 0, "path": "old.mp4", "fingerprint": "f", "size": 7, "mtime_ns": -8, "duration_s": None, "width": None,
        "height": None, "codec": None, "fps": None, "taken": None,
    }  # fmt: skip


def test_a_file_whose_clips_stand_in_several_shards_is_one_file(tmp_path: Path) -> None:
    writer = new_index(tmp_path, DIM)
    for name in ("a", "b", "a", "c", "b"):
        add_file(writer, name, unit_rows(2, DIM))
        writer.commit()
    columns = opened(Store(tmp_path))
    assert columns.files.tolist() == [0, 0, 1, 1, 0, 0, 2, 2, 1, 1]
    assert columns.clips_of(1).tolist() == [2, 3, 8, 9]
    assert_is(columns, Store(tmp_path))


def test_saved_columns_are_opened_without_a_look_at_the_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = made(tmp_path)
    built = opened(store)
    names = reads(monkeypatch)
    again = opened(store)
    assert names == []
    assert {name: array.tolist() for name, array in again.arrays.items()} == {
        name: array.tolist() for name, array in built.arrays.items()
    }
    assert not again.clip_ids.flags.writeable


def test_only_new_shards_are_read_after_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = made(tmp_path)
    opened(store)
    drop(store, [0, 1, 2, 7])
    snapshot = Snapshot.read(store)
    from vlret.index.writer import IndexWriter

    writer = IndexWriter(snapshot, snapshot.manifest.roots)
    add_file(writer, "new.mp4", unit_rows(2, DIM))
    writer.commit()
    names = reads(monkeypatch)
    columns = opened(store)
    assert names == [store.read_manifest().shards[-1].name]
    assert_is(columns, store)
    assert the_file(store).name == f"{store.read_manifest().rows_key[:16]}.columns"


def test_a_shard_is_read_again_where_a_dropped_clip_is_live_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = made(tmp_path)
    drop(store, [7])
    opened(store)
    store.commit(replace(store.read_manifest(), dropped=None))
    names = reads(monkeypatch)
    columns = opened(store)
    assert names == [store.read_manifest().shards[1].name]
    assert_is(columns, store)


def test_columns_of_a_compacted_index(tmp_path: Path) -> None:
    store = made(tmp_path)
    opened(store)
    drop(store, [0, 5, 6])
    compact_store(store)
    assert_is(opened(store), store)


def test_an_index_without_clips(tmp_path: Path) -> None:
    new_index(tmp_path, DIM)
    for _ in range(2):  # built, then opened
        columns = opened(Store(tmp_path))
        assert (len(columns), columns.n_files, len(columns.file_table)) == (0, 0, 0)


def test_a_folder_that_cannot_be_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = made(tmp_path)

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("vlret.index.columns_view.replace_file", refuse)
    assert_is(opened(store), store)
    assert list((tmp_path / "view").glob("*")) == []


def test_a_link_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    store = made(tmp_path / "index")
    opened(store)
    path = the_file(store)
    os.replace(path, tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IndexFolderError) as caught:
        load_columns(store.folder, replace(store.read_manifest()))
    assert caught.value.code == "not_a_plain_file"


def test_any_flipped_byte_and_any_cut_is_noticed(tmp_path: Path) -> None:
    store = made(tmp_path, files=2, clips=2)
    manifest = store.read_manifest()
    opened(store)
    path = the_file(store)
    data = path.read_bytes()
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        found = load_columns(store.folder, manifest)
        # spaces behind the JSON of the header, and the case of a key that nobody reads, decide nothing
        assert found is None or found.clip_ids.tolist() == [0, 1, 2, 3], place
    for length in range(len(data)):
        path.write_bytes(data[:length])
        assert load_columns(store.folder, manifest) is None, length
    assert_is(opened(store), store)  # built again


def _set(name: str, place: int, value: float) -> Callable[[dict[str, Any]], None]:
    def change(arrays: dict[str, Any]) -> None:
        arrays[name] = arrays[name].copy()
        arrays[name][place] = value

    return change


def _texts(value: bytes) -> Callable[[dict[str, Any]], None]:
    """The path of the first file is `value`."""

    def change(arrays: dict[str, Any]) -> None:
        old = arrays["path.bytes"].tobytes()[int(arrays["path.end"][0]) :]
        arrays["path.end"] = arrays["path.end"] + (len(value) - int(arrays["path.end"][0]))
        arrays["path.bytes"] = np.frombuffer(value + old, np.uint8)

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("clip_id", 1, 0), _set("clip_id", 0, -1), _set("file", 0, 2), _set("file", 0, -1),
        _set("start", 0, np.nan), _set("end", 0, np.inf), _set("start", 1, 9e9), _set("by_file", 0, 4),
        _set("by_file", 0, -1), _set("by_file", 0, 1), _set("by_file", 1, 2), _set("by_file.end", 0, 1),
        lambda arrays: arrays.update({"by_file": arrays["by_file"][::-1].copy()}),
        _set("by_file.end", 0, 5), _set("by_file.end", 1, 3), _set("root", 0, 1),
        _set("same_bytes", 1, 2), _set("same_bytes", 1, -1),
        _set("root", 0, -1), _set("path.end", 0, -1), _set("path.end", 1, 2**40), _set("codec.bytes", 0, 255),
        _set("fingerprint.bytes", 0, 0x80), _texts(b"/etc/passwd"), _texts(b"../../secret"), _texts(b"a/.."),
        _texts(b""), _texts(b"a\0b"), _texts(b"\xff"), _texts("é".encode()[:1]),
        lambda arrays: arrays.pop("end"), lambda arrays: arrays.update(more=np.zeros(2)),
        lambda arrays: arrays.update(start=arrays["start"].astype(np.float32)),
        lambda arrays: arrays.update(file=arrays["file"][:-1]),
        lambda arrays: arrays.update(width=arrays["width"].reshape(1, -1)),
    ],
)  # fmt: skip
def test_what_a_stranger_wrote_with_the_right_checksum_is_not_believed(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    store = made(tmp_path, files=2, clips=2)
    opened(store)
    path = the_file(store)
    arrays: dict[str, Any] = dict(load(path.read_bytes()))
    header = path.read_bytes()
    facts = json.loads(
        json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])["__metadata__"]["facts"]
    )
    path.write_bytes(columns_bytes(arrays, facts))
    assert load_columns(store.folder, store.read_manifest()) is not None
    change(arrays)
    try:
        path.write_bytes(columns_bytes(arrays, facts))
    except ValueError:  # safetensors does not write it
        return
    assert load_columns(store.folder, store.read_manifest()) is None


@pytest.mark.parametrize(
    "facts", [None, [], {}, {"rows_key": 1, "shards": []}, {"rows_key": "", "shards": [1]}]
)
def test_facts_of_another_form_are_not_believed(tmp_path: Path, facts: object) -> None:
    store = made(tmp_path, files=2, clips=2)
    arrays = opened(store).arrays
    the_file(store).write_bytes(columns_bytes(arrays, facts))
    assert load_columns(store.folder, store.read_manifest()) is None


@pytest.mark.parametrize("change", [{"next_id": 0}, {"first_id": 1}, {"live": 3}, {"next_id": 2**53}])
def test_shards_that_do_not_hold_the_clips_are_not_believed(tmp_path: Path, change: dict[str, int]) -> None:
    store = made(tmp_path, files=4, clips=2)
    columns, manifest = opened(store), store.read_manifest()
    shards = [asdict(shard) for shard in columns.shards]
    facts = {"rows_key": manifest.rows_key, "shards": shards}
    the_file(store).write_bytes(columns_bytes(columns.arrays, facts))
    assert load_columns(store.folder, manifest) is not None
    shards[0].update(change)
    the_file(store).write_bytes(columns_bytes(columns.arrays, facts))
    assert load_columns(store.folder, manifest) is None


def test_a_root_that_is_not_in_the_manifest_is_not_taken_over(tmp_path: Path) -> None:
    store = made(tmp_path)
    columns = opened(store)
    arrays = {**columns.arrays, "root": columns.arrays["root"] + 7}
    facts = {"rows_key": "0" * 64, "shards": [asdict(shard) for shard in columns.shards]}
    the_file(store).unlink()
    (tmp_path / "view" / f"{'0' * 16}.columns").write_bytes(columns_bytes(arrays, facts))
    assert_is(opened(store), store)


def test_names_that_hold_two_dots_are_paths(tmp_path: Path) -> None:
    writer = new_index(tmp_path, DIM)
    add_file(writer, "a..b/..c.mp4", unit_rows(1, DIM))
    writer.commit()
    opened(Store(tmp_path))
    columns = load_columns(tmp_path, Store(tmp_path).read_manifest())
    assert columns is not None
    assert columns.path(0) == "a..b/..c.mp4"


def test_a_damaged_shard_is_told_by_name(tmp_path: Path) -> None:
    store = made(tmp_path)
    entry = store.read_manifest().shards[1]
    (tmp_path / entry.name).write_bytes(b"x" * entry.bytes)
    with pytest.raises(IndexFolderError, match=r"000002\.parquet .* is damaged"):
        opened(store)


def test_files_are_found_by_path(tmp_path: Path) -> None:
    writer = new_index(tmp_path, DIM)
    for name in ("a/b.mp4", "b.mp4", "a/b.mp4.mp4", "c"):
        add_file(writer, name, unit_rows(1, DIM))
    writer.commit()
    columns = opened(Store(tmp_path))
    roots = [ROOT]
    for number, name in enumerate(("a/b.mp4", "b.mp4", "a/b.mp4.mp4", "c")):
        assert columns.absolute([number], roots) == [f"{ROOT}/{name}"]
        assert columns.files_at(f"{ROOT}/{name}", roots) == [number]
    for path in ("b.mp4", ROOT, f"{ROOT}/", f"{ROOT}/b", f"{ROOT}x/b.mp4", f"{ROOT}/mp4", ""):
        assert columns.files_at(path, roots) == []
    assert columns.files_at("/a/b.mp4", ["/"]) == [0]
    assert columns.files_at("/a/b.mp4", ["/a"]) == [1]
