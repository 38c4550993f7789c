"""What is known about files beside their vectors: stored, kept, null in old indexes, and filled by the next run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from tests.index.conftest import write_image, write_video
from tests.index.stand_in import CircleEmbedder, TextPool, write_text_video
from tests.index.test_kill import contents, run_killed
from vlret.index.build import build_index
from vlret.index.fill_metadata import fill_metadata
from vlret.index.index import Index
from vlret.index.manifest import FileEntry
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.tables import METADATA, shard_schema

KNOWN = [2.0, 8, 8, "text", 0.5, pd.Timestamp("2024-05-06 14:03:22")]


def forget_metadata(folder: Path, keep_columns: bool = False) -> None:
    """Make the shards those of an older vlret: without the columns, or with nulls in them."""
    store = Store(folder)
    manifest = store.read_manifest()
    schema = shard_schema(manifest.recipe.card.dim)
    shards: list[FileEntry] = []
    for entry in manifest.shards:
        table = store.read_table(entry, schema).drop_columns(METADATA.names)
        for field in METADATA if keep_columns else ():
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
        shards.append(store.write_table("shards", manifest.next_shard + len(shards), table, manifest.id)[0])
    number = manifest.next_shard + len(shards)
    store.commit(manifest.next(shards=tuple(shards), next_shard=number))
    store.remove(manifest.shards)


def metadata(folder: Path) -> pd.DataFrame:
    return Index.open(folder).rows()[METADATA.names]


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """Six files of one clip of two seconds."""
    for number in range(6):
        write_text_video(tmp_path / "videos" / f"{number}.mp4", number)
    return tmp_path / "videos"


@pytest.mark.usefixtures("text_pool", "small_shards")
class TestStandIns:
    def test_each_clip_has_the_metadata_of_its_file(self, videos, folder, model) -> None:
        build_index(videos, folder, model)
        assert metadata(folder).to_numpy().tolist() == [KNOWN] * 6

    @pytest.mark.parametrize("keep_columns", [False, True])
    def test_an_old_index_reads_as_nulls_and_is_filled_by_the_next_run(
        self, videos, folder, model, keep_columns
    ):
        build_index(videos, folder, model)
        whole = contents(folder)
        forget_metadata(folder, keep_columns)
        ids = Index.open(folder).rows()["clip_id"].tolist()
        assert metadata(folder).isna().all(axis=None)
        n_clips = model.n_clips_seen
        report = build_index(videos, folder, model)
        assert (report.unchanged, report.new, report.filled, report.dropped) == (6, 0, 6, 0)
        assert "6 files of an older index" in str(report)
        assert model.n_clips_seen == n_clips
        pd.testing.assert_frame_equal(contents(folder), whole)
        assert Index.open(folder).rows()["clip_id"].tolist() == ids
        assert build_index(videos, folder, model).filled == 0

    def test_only_files_of_this_run_are_read_and_one_that_fails_stays_empty(
        self, videos, folder, model
    ) -> None:
        build_index(videos, folder, model)
        forget_metadata(folder)
        (videos / "1.mp4").write_text("0 bad")
        paths = {videos / f"{number}.mp4" for number in (0, 1, 5)}
        assert fill_metadata(Snapshot.read(Store(folder)), paths, TextPool()) == 2
        assert metadata(folder)["width"].notna().tolist() == [True, False, False, False, False, True]
        assert Index.open(folder).check() == []

    def test_compaction_and_moves_keep_it(self, videos, folder, model) -> None:
        build_index(videos, folder, model)
        (videos / "0.mp4").rename(videos / "moved.mp4")
        (videos / "1.mp4").unlink()
        build_index(videos, folder, model, prune=True)
        assert metadata(folder).to_numpy().tolist() == [KNOWN] * 5
        Index.open(folder).compact()
        assert metadata(folder).to_numpy().tolist() == [KNOWN] * 5

    def test_an_old_index_is_compacted_and_moved_with_nulls(self, videos, folder, model) -> None:
        build_index(videos, folder, model)
        forget_metadata(folder)
        Index.open(folder).compact()
        assert metadata(folder).isna().all(axis=None)

    def test_a_kill_at_any_moment_costs_one_shard_at_most(self, videos, tmp_path) -> None:
        base = tmp_path / "runs"
        build_index(videos, base / "start", CircleEmbedder())
        whole = contents(base / "start")
        forget_metadata(base / "start")
        n_killed = run_killed("fill", videos, base)
        assert n_killed > 5
        for step in range(n_killed):
            folder = base / str(step)
            assert Index.open(folder).check() == []
            assert metadata(folder)["width"].notna().sum() in (0, 4, 6)
            build_index(videos, folder, CircleEmbedder())
            pd.testing.assert_frame_equal(contents(folder), whole)


def test_real_files_are_measured(tmp_path, folder, model) -> None:
    write_video(tmp_path / "media" / "a.mp4", ["red", "blue"])
    write_image(tmp_path / "media" / "b.png", "green")
    build_index(tmp_path / "media", folder, model)
    forget = metadata(folder).astype(object).where(metadata(folder).notna(), None).to_numpy().tolist()
    expected = [[2.0, 32, 32, "mpeg4", 5.0, None], [0.0, 32, 32, "png", None, None]]
    assert forget == expected
    forget_metadata(folder)
    assert build_index(tmp_path / "media", folder, model).filled == 2
    assert metadata(folder)["width"].tolist() == [32, 32]
