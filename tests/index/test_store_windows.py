"""store_windows.py and stored_windows.py: windows beside the clips, by the content of their files."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from tests.index.stand_in import CircleEmbedder, write_text_video
from tests.index.synthetic import new_index
from vlret.errors import IndexFolderError
from vlret.index import store_windows
from vlret.index.build import build_index
from vlret.index.check import check_index
from vlret.index.index import Index
from vlret.index.remove import remove_files
from vlret.index.store import Store
from vlret.index.stored_windows import StoredWindows, window_table
from vlret.index.windows import Windows, embed_windows


def angles(index: Index, path: Path) -> list[int] | None:
    """What the text file at `path` said when its windows were stored."""
    windows = index.windows(path)
    if windows is None:
        return None
    assert windows.starts_s.tolist() == [2.0 * n for n in range(len(windows.vectors))]
    assert np.linalg.norm(windows.vectors, axis=1) == pytest.approx(1)
    return np.rad2deg(np.arctan2(windows.vectors[:, 1], windows.vectors[:, 0])).round().astype(int).tolist()


def tables(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "windows").iterdir())


@pytest.mark.usefixtures("text_pool")
class TestTextFiles:
    def test_each_file_that_can_be_read_gets_its_windows(self, library, folder, model):
        report = build_index(library, folder, model, moments=True)
        index = Index.open(folder)
        assert angles(index, library / "a.mp4") == [1, 2]
        assert angles(index, library / "c.mov") == [60, 61, 62, 63]
        assert angles(index, library / "bad.mp4") is None
        assert index.info()["moments"] is True
        assert report.partial == ()
        assert check_index(folder).damaged == ()

    def test_an_index_without_the_option_stores_none(self, library, folder, model):
        build_index(library, folder, model)
        assert not (folder / "windows").exists()
        assert Index.open(folder).windows(library / "a.mp4") is None
        assert json.loads((folder / "manifest.json").read_text())["windows"] is None

    def test_later_runs_add_what_is_missing_without_being_asked(self, library, folder, model):
        build_index(library, folder, model)
        build_index(library, folder, model, moments=True)
        assert angles(Index.open(folder), library / "a.mp4") == [1, 2]
        write_text_video(library / "new.mp4", 70)
        build_index(library, folder, model)
        assert angles(Index.open(folder), library / "new.mp4") == [70]
        seen = model.n_clips_seen
        build_index(library, folder, model, moments=True)
        assert model.n_clips_seen == seen
        assert tables(folder) == ["000002.parquet", "000004.parquet"]

    def test_a_changed_file_has_new_windows_and_a_moved_one_keeps_its_own(self, library, folder, model):
        build_index(library, folder, model, moments=True)
        write_text_video(library / "a.mp4", 10, 20, 30)
        os.rename(library / "c.mov", library / "sub" / "d.mov")
        build_index(library, folder, model, prune=True)
        index = Index.open(folder)
        assert angles(index, library / "a.mp4") == [10, 20, 30]
        assert angles(index, library / "sub" / "d.mov") == [60, 61, 62, 63]

    def test_files_that_are_gone_or_changed_since_have_none_until_a_run_finds_them(
        self, library, folder, model
    ):
        build_index(library, folder, model)
        write_text_video(library / "a.mp4", 11, 12)
        (library / "c.mov").unlink()
        build_index(library / "sub", folder, model, moments=True)
        index = Index.open(folder)
        assert angles(index, library / "sub" / "b.mp4") == [30]
        assert angles(index, library / "a.mp4") is None
        build_index(library, folder, model)
        assert angles(Index.open(folder), library / "a.mp4") == [11, 12]

    def test_files_of_one_content_share_their_windows(self, library, folder, model):
        (library / "copy.mp4").write_bytes((library / "a.mp4").read_bytes())
        build_index(library, folder, model, moments=True)
        index = Index.open(folder)
        assert angles(index, library / "copy.mp4") == angles(index, library / "a.mp4") == [1, 2]
        assert sum(entry.rows for entry in index.manifest.windows) == 7

    def test_a_file_whose_windows_cannot_be_read_is_told_and_tried_again(
        self, library, folder, model, monkeypatch
    ):
        build_index(library, folder, model)

        def embedder_fails(degrees):
            return np.full(2, np.nan, np.float32) if degrees == 1 else CircleEmbedder().vector(degrees)

        with monkeypatch.context() as patch:
            patch.setattr(model, "vector", embedder_fails)
            report = build_index(library, folder, model, moments=True)
        ((path, reason),) = [(item.path.name, item.reason) for item in report.partial]
        assert (path, reason) == ("a.mp4", "no windows: the model gave no vector at 0.0 s")
        build_index(library, folder, model)
        assert angles(Index.open(folder), library / "a.mp4") == [1, 2]

    def test_compact_leaves_out_the_windows_of_files_that_were_removed(
        self, library, folder, model, monkeypatch
    ):
        monkeypatch.setattr(store_windows, "SHARD_CLIPS", 1)
        build_index(library, folder, model, moments=True)
        assert len(tables(folder)) == 3
        old = Index.open(folder)
        remove_files(folder, [library / "c.mov"])
        Index.open(folder).compact()
        index = Index.open(folder)
        assert len(tables(folder)) == 1
        assert sum(entry.rows for entry in index.manifest.windows) == 3
        assert angles(index, library / "a.mp4") == [1, 2]
        with pytest.raises(IndexFolderError) as caught:
            old.windows(library / "a.mp4")
        assert caught.value.code == "index_compacted"
        write_text_video(library / "new.mp4", 70)
        build_index(library, folder, model)
        assert angles(Index.open(folder), library / "new.mp4") == [70]

    def test_damage_is_found(self, library, folder, model):
        build_index(library, folder, model, moments=True)
        (table,) = (folder / "windows").iterdir()
        data = bytearray(table.read_bytes())
        data[len(data) // 2] ^= 1
        table.write_bytes(data)
        assert check_index(folder).damaged == (f"windows/{table.name}: checksum differs",)
        with pytest.raises(IndexFolderError) as caught:
            Index.open(folder).windows(library / "a.mp4")
        assert caught.value.code == "index_damaged"
        table.unlink()
        assert check_index(folder).damaged == (f"windows/{table.name}: No such file or directory",)

    def test_an_index_of_an_earlier_version_opens(self, library, folder, model):
        build_index(library, folder, model)
        manifest = json.loads((folder / "manifest.json").read_text())
        del manifest["windows"]
        (folder / "manifest.json").write_text(json.dumps(manifest))
        assert Index.open(folder).windows(library / "a.mp4") is None
        build_index(library, folder, model, moments=True)
        assert angles(Index.open(folder), library / "a.mp4") == [1, 2]


@pytest.mark.parametrize(
    ("column", "values", "reason"),
    [
        ("start", [2.0, 0.0], "times that cannot be"), ("end", [2.0, 1.0], "times that cannot be"),
        ("end", [2.0, np.inf], "times that cannot be"), ("start", [-1.0, 2.0], "times that cannot be"),
        ("vector", [[1.0, 0.0], [0.0, 0.0]], "zero or not finite"),
    ],
)  # fmt: skip
def test_windows_of_a_stranger_are_checked(tmp_path, column, values, reason):
    store = Store(tmp_path)
    windows = Windows(np.array([0.0, 2.0]), np.array([2.0, 4.0]), np.eye(2, dtype=np.float32), 4.0)
    table = window_table("0" * 32, windows)
    field = table.schema.field(column)
    table = table.set_column(table.column_names.index(column), field, pa.array(values, field.type))
    entry, _ = store.write_table("windows", 1, table, "0" * 32)
    manifest = replace(new_index(tmp_path / "made", 2)._manifest, windows=(entry,))
    with pytest.raises(IndexFolderError, match=reason) as caught:
        StoredWindows(store, manifest).read("0" * 32)
    assert caught.value.code == "index_damaged"


def test_what_is_stored_is_what_decoding_gives(tmp_path):
    model = ColourEmbedder()
    video = write_video(tmp_path / "media" / "a.mp4", ["red", "green", "blue", "grey"])
    write_image(tmp_path / "media" / "b.png", "red")
    build_index(tmp_path / "media", tmp_path / "index", model, moments=True, progress=False)
    stored, decoded = Index.open(tmp_path / "index").windows(video), embed_windows(model, video)
    assert stored.starts_s.tolist() == decoded.starts_s.tolist()
    assert stored.ends_s.tolist() == decoded.ends_s.tolist()
    assert stored.vectors == pytest.approx(decoded.vectors, abs=1e-3)
    assert stored.duration_s == decoded.duration_s
    assert Index.open(tmp_path / "index").windows(tmp_path / "media" / "b.png") is None
