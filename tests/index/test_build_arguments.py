"""What `build_index` is given: checked before anything is written, and held against an existing index."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.index.stand_in import CircleEmbedder, TextPool, clip_decoded, media_info, write_text_video
from vlret.cli.hints import with_options
from vlret.errors import IndexFolderError, MissingExtraError, OutputError, UsageError, VlretError
from vlret.index.build import build_index, default_folder
from vlret.index.index import Index
from vlret.media.pool import DecodeJob, Event, FileDone
from vlret.models import registry

pytestmark = pytest.mark.usefixtures("text_pool", "small_shards")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"clips": "window:5"}, "clips='auto', not 'window:5'"),
        ({"n_frames": 3}, "n_frames=2, not 3"),
        ({"sampling": "endpoints"}, "sampling='midpoint', not 'endpoints'"),
        ({"decoder": "decord"}, "decoder='pyav', not 'decord'"),
        ({"dtype": "bfloat16"}, "dtype='float32', not 'bfloat16'"),
        ({"model": CircleEmbedder("square")}, "built with circle, not with square"),
    ],
)
def test_an_index_made_otherwise_is_refused_with_both_values(library, folder, model, option, message) -> None:
    build_index(library, folder, model)
    with pytest.raises(IndexFolderError, match=message) as caught:
        build_index(library, folder, **{"model": model, **option})
    assert caught.value.code in ("other_recipe", "other_model")


@pytest.mark.parametrize(
    "option",
    [
        {"clips": "scenes"}, {"n_frames": 0}, {"sampling": "random"}, {"decoder": "opencv"},
        {"device": "tpu"}, {"dtype": "int4"},
    ],
)  # fmt: skip
def test_unknown_values_are_refused_before_anything_is_written(library, folder, model, option) -> None:
    with pytest.raises(UsageError):
        build_index(library, folder, model, **option)
    assert not folder.exists()


def test_a_model_of_texts_alone_makes_no_index(library, folder, model, monkeypatch) -> None:
    def refuse() -> None:
        raise UsageError("circle reads texts alone: it cannot look at a clip.")

    with monkeypatch.context() as patch:
        patch.setattr(model, "check_clips", refuse)
        with pytest.raises(UsageError, match="reads texts alone"):
            build_index(library, folder, model)
    assert build_index(library, folder, CircleEmbedder("square")).new  # another model's index can lie there


def test_folders_of_one_name_do_not_share_the_default_index(library, tmp_path, model, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_text_video(tmp_path / "other" / "library" / "d.mp4", 8)
    build_index(library, model=model)
    with pytest.raises(IndexFolderError, match=r"indexes/library is of .*, not of .*other/library") as caught:
        build_index(tmp_path / "other" / "library", model=model)
    assert caught.value.code == "index_of_other_library"
    assert "--out" in with_options(caught.value)
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "library").symlink_to(library)
    for again in (
        library,
        "library",
        "library/*.mp4",
        tmp_path / "link" / "library",
        tmp_path / "library/sub/..",
    ):
        assert build_index(again, model=model).new == 0
    assert build_index(tmp_path / "other" / "library", "indexes/library", model).new == 1


def test_a_model_named_is_loaded_only_when_there_is_something_to_encode(library, folder, monkeypatch) -> None:
    loaded = []

    def load_model(name: str, device: str, dtype: str, engine: str) -> CircleEmbedder:
        loaded.append((name, dtype))
        return CircleEmbedder()

    monkeypatch.setattr(registry, "load_model", load_model)
    build_index(library, folder, "round")
    build_index(library, folder, "round")
    assert loaded == [("round", "auto")]
    write_text_video(library / "new.mp4", 1)
    build_index(library, folder, "round")
    assert loaded == [("round", "auto"), ("round", "float32")]  # auto is the index's own from now on


def test_the_dtype_recorded_is_the_models_own(library, folder, model, monkeypatch) -> None:
    monkeypatch.setattr(CircleEmbedder, "dtype", "bfloat16")
    build_index(library, folder, model, dtype="auto")
    assert Index.open(folder).recipe.dtype == "bfloat16"


def test_nothing_found_makes_no_index(tmp_path: Path, folder: Path, model) -> None:
    (tmp_path / "empty").mkdir()
    report = build_index(tmp_path / "empty", folder, model)
    assert report.found == 0
    assert not (folder / "manifest.json").exists()


def test_a_folder_with_other_files_is_not_written_into(library: Path, model) -> None:
    with pytest.raises(IndexFolderError, match="is not an index"):
        build_index(library, library, model)
    assert not (library / "lock").exists()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("holiday/..", ""),
        ("holiday", "holiday"),
        ("2024.05 Rome", "2024.05 Rome"),
        ("one.mp4", "one"),
        ("films/**/*.mp4", "films"),
    ],
)
def test_default_folder_is_named_after_the_first_source(tmp_path: Path, source: str, name: str) -> None:
    (tmp_path / "holiday").mkdir()
    (tmp_path / "2024.05 Rome").mkdir()
    assert default_folder([tmp_path / source, "other"]) == Path("indexes") / (name or tmp_path.name)


def test_no_source_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="No source was given"):
        build_index([])


def test_a_folder_that_cannot_be_made_is_told(library, model) -> None:
    with pytest.raises(OutputError, match="cannot be written: Not a directory"):
        build_index(library, library / "a.mp4" / "index", model)


def test_a_model_folder_is_recorded_by_its_absolute_path(library, folder, tmp_path, monkeypatch) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "load_model", lambda *_, **__: CircleEmbedder())
    build_index(library, folder, "mine")
    assert Index.open(folder).recipe.model == str(tmp_path / "mine")


def test_a_run_that_fails_before_its_first_file_leaves_no_folder(library, folder, model, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "scenedetect", None)
        with pytest.raises(MissingExtraError, match="Run: pip install scenedetect-headless"):
            build_index(library, folder, model, clips="shots")
    assert not folder.exists()
    with pytest.raises(VlretError):
        build_index(library, folder, "no-such-model")
    assert not folder.exists()

    def interrupted() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TextPool, "start", lambda _: interrupted())
        with pytest.raises(KeyboardInterrupt):
            build_index(library, folder, model)
    assert not folder.exists()
    build_index(library / "a.mp4", folder, model)
    assert len(Index.open(folder)) == 2


def test_an_index_that_never_had_a_clip_may_be_made_otherwise(library, folder, model) -> None:
    write_text_video(library / "bad.mp4", "bad")
    assert build_index(library / "bad.mp4", folder, model, clips="whole").new == 0
    assert Index.open(folder).recipe.clips == "whole"
    write_text_video(library / "bad.mp4", 1)
    other = CircleEmbedder("other")
    assert build_index(library, folder, other, clips="window:2").new == 4
    assert (Index.open(folder).recipe.clips, Index.open(folder).card.name) == ("window:2", "other")
    with pytest.raises(IndexFolderError) as caught:
        build_index(library, folder, other, clips="whole")
    assert caught.value.code == "other_recipe"


def test_what_failed_otherwise_is_tried_again(library, folder, model) -> None:
    (library / "bad.mp4").write_text("1 bad")
    build_index(library / "bad.mp4", folder, model, clips="whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TextPool, "_file", lambda pool, job: good_file(job))
        assert build_index(library / "bad.mp4", folder, model, clips="whole").new == 0
        assert build_index(library / "bad.mp4", folder, model, clips="window:2").new == 1


def good_file(job: DecodeJob) -> Iterator[Event]:
    yield clip_decoded(job, 0, 1)
    yield FileDone(job, media_info(2.0), 1, None)
