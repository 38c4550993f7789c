"""Files, moves and deletions reach the index; a full disk, another writer and an unplugged drive are waited for."""

from __future__ import annotations

import errno
import shutil
import threading
import time
from pathlib import Path

import pytest

from tests.index.stand_in import CircleEmbedder, write_text_video
from vlret import build_index
from vlret.errors import IndexFolderError, UsageError
from vlret.files import unwritable
from vlret.index import store
from vlret.index.index import Index
from vlret.index.lock import writer_lock
from vlret.tasks.watch import library as library_module
from vlret.tasks.watch import watch as watch_module
from vlret.tasks.watch.watch import watch


@pytest.fixture(autouse=True)
def fast(monkeypatch, text_pool):
    monkeypatch.setattr(watch_module, "FIRST_RETRY_S", 0.1)


@pytest.fixture
def films(tmp_path) -> Path:
    for number in range(3):
        write_text_video(tmp_path / "films" / f"{number}.mp4", number)
    return tmp_path / "films"


@pytest.fixture
def model():
    return CircleEmbedder()


@pytest.fixture
def watching(films, model, tmp_path):
    """A function that starts to watch `films` into tmp_path/index; what it returns is closed in the end."""
    started = []

    def start(**options):
        given = {"model": model, "settle_s": 0.2, "poll_s": 0.1, **options}
        started.append(watch(films, tmp_path / "index", **given))
        return started[-1]

    yield start
    for reports in started:
        reports.close()


def names(folder: Path) -> list[str]:
    return sorted(Index.open(folder).rows()["relative_path"].unique())


def after(seconds: float, action, *arguments) -> None:
    threading.Timer(seconds, action, arguments).start()


def test_what_is_there_is_taken_then_what_comes(watching, films, model, tmp_path):
    reports = watching()
    first = next(reports)
    assert (first.new, first.clips, first.skipped) == (3, 3, ())
    write_text_video(films / "below" / "new.mp4", 7, 8)
    second = next(reports)
    assert (second.new, second.clips, second.found) == (1, 2, 1)
    assert names(tmp_path / "index") == ["0.mp4", "1.mp4", "2.mp4", "below/new.mp4"]
    assert model.n_clips_seen == 5
    assert Index.open(tmp_path / "index").manifest.roots == (str(films),)


def test_a_file_that_changes_is_taken_again(watching, films, tmp_path):
    reports = watching()
    next(reports)
    write_text_video(films / "0.mp4", 50, 51)
    report = next(reports)
    assert (report.new, report.clips, report.dropped) == (1, 2, 1)


def test_a_file_that_cannot_be_read_is_reported_once(watching, films):
    write_text_video(films / "bad.mp4", 1, "bad")
    reports = watching()
    first = next(reports)
    assert [file.path.name for file in first.skipped] == ["bad.mp4"]
    write_text_video(films / "new.mp4", 9)
    assert next(reports).skipped == ()


def test_a_move_keeps_the_vectors(watching, films, model, tmp_path):
    reports = watching(prune=True)
    next(reports)
    vector = Index.open(tmp_path / "index").vectors()[1].tolist()
    (films / "2024").mkdir()
    (films / "1.mp4").rename(films / "2024" / "renamed.mp4")
    report = next(reports)
    assert (report.new, report.moved, report.clips, report.dropped) == (0, 1, 0, 0)
    assert model.n_clips_seen == 3
    assert names(tmp_path / "index") == ["0.mp4", "2.mp4", "2024/renamed.mp4"]
    rows = Index.open(tmp_path / "index").rows()
    place = rows.index[rows["relative_path"] == "2024/renamed.mp4"][0]
    assert Index.open(tmp_path / "index").vectors()[place].tolist() == vector


@pytest.mark.parametrize(("prune", "left"), [(True, ["0.mp4", "2.mp4", "new.mp4"]), (False, None)])
def test_a_deleted_file_stays_unless_pruned(watching, films, tmp_path, prune, left):
    reports = watching(prune=prune)
    next(reports)
    (films / "1.mp4").unlink()
    if prune:
        assert next(reports).dropped == 1
    write_text_video(films / "new.mp4", 9)
    next(reports)
    assert names(tmp_path / "index") == (left or ["0.mp4", "1.mp4", "2.mp4", "new.mp4"])


@pytest.mark.parametrize("empty", [True, False])
def test_a_drive_that_goes_away_changes_nothing_and_is_seen_again(
    watching, films, model, tmp_path, caplog, empty
):
    reports = watching(prune=True)
    next(reports)
    before = Index.open(tmp_path / "index").manifest

    def unplug():
        films.rename(tmp_path / "away")
        if empty:
            films.mkdir()

    def plug_in():
        assert Index.open(tmp_path / "index").manifest == before
        if empty:
            films.rmdir()
        (tmp_path / "away").rename(films)
        write_text_video(films / "new.mp4", 9)

    after(0.3, unplug)
    after(1.5, plug_in)
    assert next(reports).new == 1
    assert names(tmp_path / "index") == ["0.mp4", "1.mp4", "2.mp4", "new.mp4"]
    assert model.n_clips_seen == 4
    assert [record.message.split(str(films))[1] for record in caplog.records] == [
        " is missing or empty: its part of the index stays as it is.", " is there again.",
    ]  # fmt: skip


def test_an_index_that_goes_away_is_not_made_anew(watching, films, tmp_path, caplog):
    reports = watching()
    next(reports)
    (tmp_path / "index").rename(tmp_path / "away")
    write_text_video(films / "new.mp4", 9)
    after(1.0, (tmp_path / "away").rename, tmp_path / "index")
    assert next(reports).new == 1
    assert len(names(tmp_path / "index")) == 4
    assert caplog.text.count("holds no index") == 1


def test_another_writer_is_waited_for(watching, films, tmp_path, caplog):
    reports = watching()
    next(reports)
    write_text_video(films / "new.mp4", 9)
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with writer_lock(tmp_path / "index"):
            entered.set()
            leave.wait(20)

    threading.Thread(target=hold).start()
    entered.wait()
    after(1.0, leave.set)
    assert next(reports).new == 1
    assert caplog.text.count("is being written by") == 1


def test_a_full_disk_is_waited_for(watching, films, tmp_path, monkeypatch, caplog):
    reports = watching()
    next(reports)
    write_text_video(films / "new.mp4", 9)
    write, full_until = store.replace_file, time.monotonic() + 1.5

    def full(path: Path, data: bytes) -> None:
        if time.monotonic() < full_until:
            raise unwritable(path, OSError(errno.ENOSPC, "No space left on device"))
        write(path, data)

    monkeypatch.setattr(store, "replace_file", full)
    assert next(reports).new == 1
    assert "No space left on device" in caplog.text
    assert time.monotonic() >= full_until
    assert len(names(tmp_path / "index")) == 4
    assert Index.open(tmp_path / "index").check() == []


def test_a_restart_takes_up_what_came_meanwhile(watching, films, model, tmp_path):
    reports = watching()
    next(reports)
    reports.close()
    write_text_video(films / "new.mp4", 9)
    (films / "0.mp4").rename(films / "renamed.mp4")
    report = next(watching())
    assert (report.new, report.moved, report.unchanged) == (1, 1, 3)
    assert model.n_clips_seen == 4


def test_the_settings_of_an_index_stay(films, watching, model, tmp_path):
    build_index(films, tmp_path / "index", model, clips="window:2:1", n_frames=2)
    write_text_video(films / "new.mp4", 9)
    next(watching())
    assert Index.open(tmp_path / "index").recipe.clips == "window:2:1"


def test_once_in_a_while_everything_is_looked_at(watching, films, model, tmp_path, monkeypatch):
    """A change of the index by somebody else is put right: the file is there, its clips are not."""
    monkeypatch.setattr(library_module, "FULL_LOOK_S", 1.0)
    reports = watching()
    next(reports)
    index = Index.open(tmp_path / "index")
    from vlret.index.remove import remove_files

    remove_files(index.folder, [films / "1.mp4"])
    assert next(reports).new == 1


def test_a_damaged_index_ends_it(watching, films, tmp_path):
    reports = watching()
    next(reports)
    (shard,) = (tmp_path / "index/shards").iterdir()
    shard.write_bytes(b"PAR1")
    write_text_video(films / "new.mp4", 9)
    with pytest.raises(IndexFolderError) as caught:
        next(reports)
    assert caught.value.code == "index_damaged"


def test_a_folder_that_nobody_knows_is_refused_and_nothing_is_written(tmp_path, model):
    with pytest.raises(UsageError) as caught:
        watch(tmp_path / "typo", tmp_path / "index", model=model)
    assert caught.value.code == "not_a_directory"
    assert list(tmp_path.iterdir()) == []


def test_a_known_folder_may_be_away_at_the_start(watching, films, tmp_path, model):
    next(watching())
    shutil.move(films, tmp_path / "away")
    reports = watching()
    after(0.5, shutil.move, tmp_path / "away", films)
    after(0.6, write_text_video, films / "new.mp4", 9)
    assert next(reports).new == 1


@pytest.mark.parametrize("option", [{"settle_s": 0}, {"settle_s": "5"}, {"poll_s": -1}, {"workers": 0}])
def test_wrong_numbers_are_refused(watching, option):
    with pytest.raises(UsageError):
        watching(**option)


def test_the_new_index_names_its_model_by_what_it_was_loaded_by(films, tmp_path, monkeypatch):
    from vlret.models import registry

    (tmp_path / "mine").mkdir()
    monkeypatch.setattr(registry, "load_model", lambda *_, **__: CircleEmbedder())
    reports = watch(films, tmp_path / "index", model=str(tmp_path / "mine"), settle_s=0.2, poll_s=0.1)
    next(reports)
    reports.close()
    assert Index.open(tmp_path / "index").recipe.model == str(tmp_path / "mine")


def test_a_reindex_meanwhile_changes_the_model_that_is_used(films, tmp_path, monkeypatch):
    from vlret.tasks.reindex import reindex

    build_index(films, tmp_path / "index", CircleEmbedder())
    loaded = []

    def model_for_index(index, *_):
        loaded.append(index.card.name)
        return CircleEmbedder(index.card.name)

    monkeypatch.setattr(library_module, "model_for_index", model_for_index)
    reports = watch(films, tmp_path / "index", settle_s=0.2, poll_s=0.1)
    write_text_video(films / "new.mp4", 9)
    assert next(reports).new == 1
    reindex(tmp_path / "index", CircleEmbedder("other"))
    write_text_video(films / "newer.mp4", 10)
    assert next(reports).new == 1
    reports.close()
    assert loaded == ["circle", "other"]
    assert Index.open(tmp_path / "index").card.name == "other"
    assert len(names(tmp_path / "index")) == 5
