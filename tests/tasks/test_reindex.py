"""The new index takes the old one's place whole, or not at all."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_video
from tests.index.stand_in import CircleEmbedder, write_text_video
from tests.index.test_kill import contents, run_killed, write_library
from tests.index.waste import require_no_waste
from vlret import build_index
from vlret.errors import IndexFolderError, ModelError, UsageError
from vlret.index import build, writer
from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.index.lock import writer_lock
from vlret.index.remove import remove_files
from vlret.media.pool import DecodePool
from vlret.tasks.reindex import NEXT, reindex

pytestmark = pytest.mark.usefixtures("text_pool", "small_shards")
OTHER = {"model": CircleEmbedder("other"), "clips": "whole"}


@pytest.fixture
def library(tmp_path) -> Path:
    return write_library(tmp_path / "library")


@pytest.fixture
def index(library, tmp_path) -> Path:
    build_index(library, tmp_path / "index", CircleEmbedder())
    return tmp_path / "index"


@pytest.fixture
def expected(library, tmp_path) -> pd.DataFrame:
    build_index(library, tmp_path / "expected", CircleEmbedder("other"), clips="whole")
    return contents(tmp_path / "expected")


def test_the_index_is_as_if_it_had_been_built_so(index, expected):
    before = Index.open(index)
    report = reindex(index, **OTHER)
    after = Index.open(index)
    pd.testing.assert_frame_equal(contents(index), expected)
    assert (report.model, report.files, report.clips, report.gone, report.skipped) == ("other", 7, 7, (), ())
    assert (after.recipe.clips, after.card.name) == ("whole", "other")
    assert (after.manifest.id, after.manifest.roots) == (before.manifest.id, before.manifest.roots)
    assert after.rows()["clip_id"].min() >= before.manifest.next_clip_id
    assert [file.path.name for file in after.skipped] == ["bad.mp4"]
    assert after.check() == []
    require_no_waste(index)


def test_it_can_be_written_and_reindexed_again(index, library, expected):
    reindex(index, **OTHER)
    write_text_video(library / "new.mp4", 9)
    assert build_index(library, index, CircleEmbedder("other"), clips="whole").new == 1
    reindex(index, CircleEmbedder(), clips="auto")
    assert len(Index.open(index)) == 22
    require_no_waste(index)


def test_the_same_settings_change_nothing(index):
    before = Index.open(index).manifest
    report = reindex(index, CircleEmbedder())
    assert (report.is_new, report.files) == (False, 7)
    assert Index.open(index).manifest == before
    assert not (index / NEXT).exists()


def test_another_engine_embeds_anew_only_where_it_is_asked_for(index, monkeypatch):
    monkeypatch.setattr(CircleEmbedder, "engine", "openvino")
    assert not reindex(index, CircleEmbedder()).is_new
    assert Index.open(index).recipe.engine == "torch"
    assert reindex(index, CircleEmbedder(), engine="openvino").is_new
    assert Index.open(index).recipe.engine == "openvino"


def test_other_clips_alone_keep_model_dtype_and_frames(index, monkeypatch, library):
    build_index(library, index.parent / "four", CircleEmbedder(), n_frames=4)
    monkeypatch.setenv("VLRET_TRUSTED_MODELS", "")
    with pytest.raises(ModelError) as caught:
        reindex(index.parent / "four", clips="whole")
    assert caught.value.code == "untrusted_model"
    report = reindex(index.parent / "four", CircleEmbedder(), clips="whole", n_frames=4)
    assert report.clips == 7
    assert Index.open(index.parent / "four").recipe.n_frames == 4


def test_files_that_are_gone_are_reported(index, library):
    (library / "2.mp4").unlink()
    write_text_video(library / "3.mp4", "bad")
    report = reindex(index, **OTHER)
    assert report.gone == (library / "2.mp4",)
    assert [(file.path.name, file.reason) for file in report.skipped] == [("3.mp4", "damaged")]
    assert report.files == 5
    assert {file.path.name for file in Index.open(index).skipped} == {"bad.mp4", "3.mp4"}


def test_what_users_have_said_about_files_stays(index, library):
    from vlret.index.annotate import annotate

    (library.parent / "table.csv").write_text(f"path,place\n{library}/0.mp4,beach\n")
    annotate(index, library.parent / "table.csv")
    build_index(library, index, CircleEmbedder(), exclude=["5.mp4"])
    before = Index.open(index).manifest
    reindex(index, **OTHER)
    after = Index.open(index).manifest
    assert before.annotations is not None
    assert (after.annotations, after.exclude) == (before.annotations, ("5.mp4",))
    hits = Index.open(index).search(
        CircleEmbedder().embed_texts(["0"]), 9, only=Filter(where="place = 'beach'")
    )[0]
    assert [Path(hit.path).name for hit in hits] == ["0.mp4"]


def test_windows_are_stored_anew_where_they_were(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "DecodePool", DecodePool)
    write_video(tmp_path / "films/a.mp4", ["red", "blue"], seconds_each=4)
    index, other = tmp_path / "index", ColourEmbedder("other")
    other.card = replace(other.card, weights_hash="2" * 64)
    build_index(tmp_path / "films", index, ColourEmbedder(), moments=True)
    before = Index.open(index).manifest
    reindex(index, other, clips="window:4")
    after = Index.open(index).manifest
    assert sum(entry.rows for entry in after.windows) == sum(entry.rows for entry in before.windows) > 0
    assert {entry.name for entry in after.windows}.isdisjoint(entry.name for entry in before.windows)
    assert Index.open(index).check() == []
    require_no_waste(index)


def test_a_drive_that_is_away_stops_it_before_anything_is_written(index, library):
    write_text_video(library.parent / "drive/b/far.mp4", 5)
    write_text_video(library.parent / "drive/near.mp4", 6)
    build_index(library.parent / "drive", index, CircleEmbedder())
    before = Index.open(index).manifest
    shutil.rmtree(library.parent / "drive/b")
    for code in ("folder_missing", "root_missing"):
        with pytest.raises(IndexFolderError) as caught:
            reindex(index, **OTHER)
        assert caught.value.code == code
        assert Index.open(index).manifest == before
        assert not (index / NEXT).exists()
        shutil.rmtree(library.parent / "drive", ignore_errors=True)
    report = reindex(index, **OTHER, prune_missing_folders=True)
    assert sorted(path.name for path in report.gone) == ["far.mp4", "near.mp4"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_out_of_reach_keep_the_old_index(index, library):
    (library / "long.mp4").chmod(0)
    before = contents(index)
    with pytest.raises(IndexFolderError) as caught:
        reindex(index, **OTHER)
    assert caught.value.code == "files_unreached"
    pd.testing.assert_frame_equal(contents(index), before)


def test_a_decoder_killed_from_outside_keeps_the_old_index(index, library, monkeypatch):
    from vlret.media.pool import FileFailed

    run = build.DecodePool.run

    def killed(self, jobs):
        for event in run(self, jobs):
            is_long = event.job.path.name == "long.mp4"
            yield (
                FileFailed(event.job, "was killed", retry=True)
                if is_long and hasattr(event, "info")
                else event
            )

    before = contents(index)
    with monkeypatch.context() as patch:
        patch.setattr(build.DecodePool, "run", killed)
        with pytest.raises(IndexFolderError) as caught:
            reindex(index, **OTHER)
    assert caught.value.code == "files_unreached"
    pd.testing.assert_frame_equal(contents(index), before)
    model = CircleEmbedder("other")
    assert reindex(index, model, clips="whole").files == 7
    assert model.n_clips_seen == 1  # the others were kept


def test_what_happens_to_the_old_index_meanwhile_is_taken_over(index, library, monkeypatch):
    """While the new one is built, a file and a directory are added, one is removed and one is moved."""
    from vlret.tasks import reindex as module

    update, calls = module.update_index, []

    def busy(*arguments, **options):
        done = update(*arguments, **options)
        if not calls:
            write_text_video(library / "new.mp4", 9)
            write_text_video(library.parent / "second/other.mp4", 11)
            (library / "0.mp4").rename(library / "moved.mp4")
            build_index([library, library.parent / "second"], index, CircleEmbedder())
            remove_files(index, [library / "1.mp4"])
        calls.append(1)
        return done

    monkeypatch.setattr(module, "update_index", busy)
    model = CircleEmbedder("other")
    reindex(index, model, clips="whole")
    found = Index.open(index).rows()
    assert sorted(found["relative_path"]) == [
        "2.mp4", "3.mp4", "4.mp4", "5.mp4", "long.mp4", "moved.mp4", "new.mp4", "other.mp4",
    ]  # fmt: skip
    assert set(found["root"]) == {str(library), str(library.parent / "second")}
    assert model.n_clips_seen == 9  # a moved file is not encoded again
    assert Index.open(index).check() == []


def test_the_old_index_is_searched_and_written_until_the_end(index, library, monkeypatch):
    from vlret.tasks import reindex as module

    update, before = module.update_index, contents(index)

    def watched(*arguments, **options):
        if len(seen) == 0:
            with writer_lock(index):
                pass
        done = update(*arguments, **options)
        pd.testing.assert_frame_equal(contents(index), before)
        seen.append(Index.open(index).search(CircleEmbedder().embed_texts(["30"]), 1)[0][0].path)
        return done

    seen: list[str] = []
    monkeypatch.setattr(module, "update_index", watched)
    reindex(index, **OTHER)
    assert seen == [str(library / "long.mp4")] * 2


def test_an_unfinished_one_with_other_settings_is_not_mixed(index, monkeypatch):
    monkeypatch.setattr(writer, "SHARD_CLIPS", 1)
    model = CircleEmbedder("other", batch_size=1)
    encode = model.encode_pixels

    def interrupted(clips):
        if model.n_clips_seen == 4:
            raise KeyboardInterrupt
        return encode(clips)

    model.encode_pixels = interrupted
    with pytest.raises(KeyboardInterrupt):
        reindex(index, model, clips="whole")
    assert len(Index.open(index / NEXT)) > 0
    with pytest.raises(IndexFolderError) as caught:
        reindex(index, CircleEmbedder("third"), clips="whole")
    assert caught.value.code == "other_reindex"
    again = CircleEmbedder("other")
    reindex(index, again, clips="whole")
    assert again.n_clips_seen < 7
    require_no_waste(index)


@pytest.mark.slow
def test_killed_at_any_step_it_is_the_old_index_or_the_new_and_goes_on(index, library, expected, tmp_path):
    base = tmp_path / "runs"
    base.mkdir()
    shutil.copytree(index, base / "start")
    before = contents(index)
    n_killed = run_killed("reindex", library, base)
    assert n_killed > 25
    n_old = 0
    for step in range(n_killed):
        folder = base / str(step)
        now = contents(folder)
        assert Index.open(folder).check() == []
        n_old += now.equals(before)
        if not now.equals(before):
            pd.testing.assert_frame_equal(now, expected)
        reindex(folder, **OTHER)
        pd.testing.assert_frame_equal(contents(folder), expected)
        assert not (folder / NEXT).exists()
        require_no_waste_but_the_killed(folder)
    assert 10 < n_old < n_killed - 5


def require_no_waste_but_the_killed(folder: Path) -> None:
    """After the next writer's sweep."""
    remove_files(folder, [Path(Index.open(folder).rows()["path"][0])])
    build_index(folder.parent.parent / "library", folder, CircleEmbedder("other"), clips="whole")
    require_no_waste(folder)


def test_a_link_in_the_place_of_the_new_index_is_refused(index, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (index / NEXT).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IndexFolderError) as caught:
        reindex(index, **OTHER)
    assert caught.value.code == "not_a_plain_file"
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_of_the_user_in_its_place_is_refused(index):
    (index / NEXT).mkdir()
    (index / NEXT / "notes.txt").write_text("mine")
    with pytest.raises(IndexFolderError) as caught:
        reindex(index, **OTHER)
    assert caught.value.code == "not_an_index"
    assert (index / NEXT / "notes.txt").read_text() == "mine"


def test_wrong_settings_are_refused_before_anything_is_written(index):
    for wrong in ({"clips": "nonsense"}, {"n_frames": 0}, {"dtype": "int3"}):
        with pytest.raises(UsageError):
            reindex(index, CircleEmbedder("other"), **wrong)
    assert not (index / NEXT).exists()
