from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.index.stand_in import CircleEmbedder, TextPool, write_text_video
from vlret.errors import IndexFolderError, OutputError
from vlret.index import build
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.index.report import BuildReport
from vlret.media.pool import DecodeJob, Event, FileFailed
from vlret.media.sources import Found

pytestmark = pytest.mark.usefixtures("text_pool", "small_shards")


def counts(report: BuildReport) -> tuple[int, int, int]:
    assert report.found == report.new + report.unchanged + len(report.skipped)
    return report.new, report.unchanged, len(report.skipped)


def names(folder: Path) -> list[str]:
    return sorted(Index.open(folder).rows()["relative_path"].unique())


def reasons(report: BuildReport) -> dict[str, str]:
    return {file.path.name: file.reason for file in report.skipped}


def set_mtime(path: Path, seconds: float) -> None:
    os.utime(path, (seconds, seconds))


def test_a_first_run_reports_every_file_once(library: Path, folder: Path, model: CircleEmbedder) -> None:
    report = build_index(library, folder, model)
    assert counts(report) == (3, 0, 2)
    assert report.clips == len(Index.open(folder)) == 7
    assert report.hours * 3600 == pytest.approx(14)  # seven clips of 2 s
    assert report.speed == pytest.approx(14 / report.wall_s)
    assert reasons(report) == {"bad.mp4": "damaged", ".hidden.mp4": "hidden"}


@pytest.mark.parametrize("seconds", [-1, 9_300_000_000, 15_000_000_000], ids=["1969", "2264", "2445"])
def test_a_file_of_any_time_is_indexed(
    library: Path, folder: Path, model: CircleEmbedder, seconds: float
) -> None:
    set_mtime(library / "a.mp4", seconds)
    assert counts(build_index(library, folder, model)) == (3, 0, 2)
    assert counts(build_index(library, folder, model)) == (0, 3, 2)


def test_each_row_has_its_own_vector(library: Path, folder: Path, model: CircleEmbedder) -> None:
    build_index(library, folder, model)
    index = Index.open(folder)
    rows = index.rows()
    degrees = np.rad2deg(np.arctan2(*index.vectors().T[::-1])).round().astype(int)
    found = {
        (path, start): value
        for path, start, value in zip(rows["relative_path"], rows["start"], degrees, strict=True)
    }
    expected = {("a.mp4", 0): 1, ("a.mp4", 2): 2, ("sub/b.mp4", 0): 30}
    assert found == expected | {("c.mov", 2.0 * number): 60 + number for number in range(4)}


def test_a_second_run_encodes_nothing_and_lists_skipped_files_again(library, folder, model) -> None:
    first = build_index(library, folder, model)
    revision = Index.open(folder).manifest.revision
    model.n_clips_seen = 0
    second = build_index(library, folder, model)
    assert counts(second) == (0, 3, 2)
    assert reasons(second) == reasons(first)
    assert model.n_clips_seen == 0
    assert Index.open(folder).manifest.revision == revision


def test_only_new_files_are_encoded(library, folder, model) -> None:
    build_index(library, folder, model)
    write_text_video(library / "new.mp4", 90)
    model.n_clips_seen = 0
    assert counts(build_index(library, folder, model)) == (1, 3, 2)
    assert model.n_clips_seen == 1


def test_a_changed_file_gets_new_rows_and_its_old_ones_are_dropped(library, folder, model) -> None:
    build_index(library, folder, model)
    old = Index.open(folder).rows()
    write_text_video(library / "a.mp4", 45, 46, 47)
    report = build_index(library, folder, model)
    assert counts(report) == (1, 2, 2)
    assert report.dropped == 2
    rows = Index.open(folder).rows()
    assert len(rows[rows["relative_path"] == "a.mp4"]) == 3
    assert not set(rows[rows["relative_path"] == "a.mp4"]["clip_id"]) & set(old["clip_id"])
    assert rows["clip_id"].is_monotonic_increasing


def test_a_change_of_the_same_size_and_an_older_time_is_seen(library, folder, model) -> None:
    build_index(library, folder, model)
    write_text_video(library / "a.mp4", 3, 4)
    set_mtime(library / "a.mp4", 1e9)
    assert counts(build_index(library, folder, model)) == (1, 2, 2)


def test_a_touched_file_is_not_encoded_again(library, folder, model) -> None:
    build_index(library, folder, model)
    set_mtime(library / "a.mp4", 1e9)
    assert counts(build_index(library, folder, model)) == (0, 3, 2)


def test_a_changed_file_that_fails_loses_its_rows(library, folder, model) -> None:
    build_index(library, folder, model)
    write_text_video(library / "a.mp4", "bad")
    report = build_index(library, folder, model)
    assert counts(report) == (0, 2, 3)
    assert report.dropped == 2
    assert names(folder) == ["c.mov", "sub/b.mp4"]


def test_a_skipped_file_is_tried_again_only_when_changed(library, folder, model) -> None:
    build_index(library, folder, model)
    model.n_clips_seen = 0
    build_index(library, folder, model)
    assert model.n_clips_seen == 0
    write_text_video(library / "bad.mp4", 5, 6)
    assert counts(build_index(library, folder, model)) == (1, 3, 1)
    assert [file.path.name for file in Index.open(folder).skipped] == [".hidden.mp4"]


def test_a_half_copied_file_is_forgotten_once_it_is_whole(library, folder, model) -> None:
    part = library / "new.mp4.part"
    part.touch()
    assert "new.mp4.part" in reasons(build_index(library, folder, model))
    part.unlink()
    write_text_video(library / "new.mp4", 9)
    build_index(library, folder, model)
    assert "new.mp4.part" not in [file.path.name for file in Index.open(folder).skipped]


def test_a_file_that_changes_while_it_is_read_is_tried_again(library, folder, model, monkeypatch) -> None:
    encode = model.encode_pixels

    def growing(clips: list) -> list:
        write_text_video(library / "a.mp4", 1, 2, 3)
        return encode(clips)

    with monkeypatch.context() as patch:
        patch.setattr(model, "encode_pixels", growing)
        report = build_index(library, folder, model)
    assert reasons(report)["a.mp4"] == "changed while it was read; run again"
    assert counts(build_index(library, folder, model)) == (1, 2, 2)


def test_a_vector_that_is_nan_never_gets_in(library, folder, model) -> None:
    write_text_video(library / "nan.mp4", 7, 255)
    report = build_index(library, folder, model)
    assert reasons(report)["nan.mp4"] == "the model gave no vector at 2.0 s"
    assert np.isfinite(Index.open(folder).vectors()).all()


def test_a_file_reached_twice_is_indexed_once(library, folder, model, tmp_path: Path) -> None:
    (tmp_path / "link.mp4").symlink_to(library / "a.mp4")
    sources = [library, library / "sub", library / "a.mp4", tmp_path / "link.mp4"]
    assert counts(build_index(sources, folder, model)) == (3, 0, 2)
    assert counts(build_index(library / "sub", folder, model)) == (0, 1, 0)
    assert len(Index.open(folder)) == 7


def test_a_mended_file_leaves_the_skipped_ones_whatever_way_it_is_reached(library, folder, model) -> None:
    write_text_video(library / "sub" / "b.mp4", "bad")
    assert "b.mp4" in reasons(build_index(library, folder, model))
    write_text_video(library / "sub" / "b.mp4", 7)
    assert counts(build_index(library / "sub", folder, model)) == (1, 0, 0)
    assert "b.mp4" not in [file.path.name for file in Index.open(folder).skipped]
    assert "sub/b.mp4" in names(folder)


def test_prune_drops_what_is_gone_and_only_then(library, folder, model) -> None:
    build_index(library, folder, model)
    (library / "c.mov").unlink()
    (library / "bad.mp4").unlink()
    assert build_index(library, folder, model).dropped == 0
    report = build_index(library, folder, model, prune=True)
    assert report.dropped == 4
    assert names(folder) == ["a.mp4", "sub/b.mp4"]
    assert [file.path.name for file in Index.open(folder).skipped] == [".hidden.mp4"]


@pytest.mark.parametrize("mounted", [False, True])
def test_prune_refuses_when_nothing_of_a_root_is_there(library, folder, model, tmp_path, mounted) -> None:
    write_text_video(tmp_path / "drive" / "d.mp4", 8)
    build_index([library, tmp_path / "drive"], folder, model)
    (tmp_path / "drive").rename(tmp_path / "unplugged")
    if mounted:
        (tmp_path / "drive").mkdir()
    with pytest.raises(IndexFolderError, match=r"none of its 1 files in .*drive exists") as caught:
        build_index([library, tmp_path / "drive"], folder, model, prune=True)
    assert caught.value.code == "root_missing"
    assert "d.mp4" in names(folder)


def test_a_file_that_was_out_of_reach_is_tried_again_unchanged(library, folder, model, monkeypatch) -> None:
    """A drive that is pulled out while its files are read changes no size and no time."""
    encode = model.encode_pixels

    def pulled_out(clips: list) -> list:
        (library / "sub").rename(library.parent / "drive")
        return encode(clips)

    with monkeypatch.context() as patch:
        patch.setattr(model, "encode_pixels", pulled_out)
        report = build_index(library / "sub", folder, model)
    assert reasons(report) == {"b.mp4": "cannot be read: No such file or directory"}
    (library.parent / "drive").rename(library / "sub")
    assert counts(build_index(library / "sub", folder, model)) == (1, 0, 0)
    assert Index.open(folder).skipped == []


def test_the_summary_groups_reasons_and_shows_some_paths(library, folder, model) -> None:
    for number in range(8):
        write_text_video(library / f"x{number}.mp4", "bad")
    text = str(build_index(library, folder, model))
    assert "13 files found: 3 new, 0 unchanged, 10 skipped" in text
    assert "7 clips from 14 s of video" in text
    assert "skipped 9: damaged" in text
    assert "  and 4 more" in text


def test_names_that_are_not_utf8_are_skipped_with_the_reason(library, folder, model) -> None:
    for name in (b"caf\xe9.mp4", b".h\xefdden.mp4"):
        (Path(os.fsdecode(os.path.join(os.fsencode(library), name)))).write_text("1")
    report = build_index(library, folder, model)
    assert counts(report) == (3, 0, 4)
    assert reasons(report)["caf\ufffd.mp4"] == "its name is not UTF-8"
    assert counts(build_index(library, folder, model)) == (0, 3, 4)
    str(report).encode()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read and write everything")
def test_files_and_folders_without_permission_are_told(library, tmp_path: Path, model) -> None:
    (library / "a.mp4").chmod(0)
    assert "Permission denied" in reasons(build_index(library, tmp_path / "index", model))["a.mp4"]
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="cannot be written: Permission denied"):
        build_index(library, tmp_path / "closed" / "index", model)


def test_a_full_disk_ends_the_run_with_the_file_it_could_not_write(
    library, folder, model, monkeypatch
) -> None:
    build_index(library / "a.mp4", folder, model)
    before = Index.open(folder).rows()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OutputError, match=r"parquet cannot be written: No space left on device"):
            build_index(library, folder, model)
    assert Index.open(folder).rows().equals(before)
    assert counts(build_index(library, folder, model)) == (2, 1, 2)


def test_damage_that_left_clips_is_reported(library, folder, model) -> None:
    write_text_video(library / "cut.mp4", 1, 2, "cut")
    report = build_index(library, folder, model)
    assert counts(report) == (4, 0, 2)
    assert [(file.path.name, file.reason) for file in report.partial] == [("cut.mp4", "damaged after 4.0 s")]
    assert "partially read 1: damaged after 4.0 s" in str(report)


def test_a_good_file_whose_decoder_was_killed_is_tried_again(library, folder, model, monkeypatch) -> None:
    def killed(pool: TextPool, job: DecodeJob) -> Iterator[Event]:
        is_killed = job.path.name == "a.mp4"
        yield from [FileFailed(job, "killed", retry=True)] if is_killed else pool._file(job)

    with monkeypatch.context() as patch:
        patch.setattr(TextPool, "run", lambda pool, jobs: (e for job in jobs for e in killed(pool, job)))
        for _ in range(2):  # a process that is killed each time costs its own file only
            report = build_index(library, folder, model)
            assert reasons(report)["a.mp4"] == "killed"
            assert names(folder) == ["c.mov", "sub/b.mp4"]
    assert counts(build_index(library, folder, model)) == (1, 2, 2)
    assert "a.mp4" not in [file.path.name for file in Index.open(folder).skipped]


@pytest.mark.parametrize("time_ns", [10**19, 2**63 - 1, -1, -(2**62), -(10**19)])
def test_a_file_time_of_any_century(library, folder, model, time_ns) -> None:
    class FarTime:
        """What `stat` gives on a file system that keeps such a time: not all do."""

        def __init__(self, real: os.stat_result) -> None:
            self._real, self.st_mtime_ns = real, time_ns

        def __getattr__(self, name: str) -> object:
            return getattr(self._real, name)

    stat = Path.stat
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "stat", lambda path, **options: FarTime(stat(path, **options)))
        assert counts(build_index(library, folder, model)) == (3, 0, 2)
        assert counts(build_index(library, folder, model)) == (0, 3, 2)
    assert counts(build_index(library, folder, model)) == (0, 3, 2)  # the same content


def test_a_file_that_vanishes_after_it_was_found(library, folder, model, monkeypatch) -> None:
    found = build.find_media

    def find_media(sources: list[Path]) -> Found:
        there = found(sources)
        (library / "a.mp4").unlink()
        return there

    monkeypatch.setattr(build, "find_media", find_media)
    assert (
        reasons(build_index(library, folder, model))["a.mp4"] == "cannot be read: No such file or directory"
    )


def test_a_link_that_is_mended_leaves_the_skipped_ones(library, folder, model) -> None:
    (library / "link.mp4").symlink_to(library.parent / "gone.mp4")
    assert "link.mp4" in reasons(build_index(library, folder, model))
    write_text_video(library.parent / "gone.mp4", 9)
    assert counts(build_index(library, folder, model)) == (1, 3, 2)
    assert "link.mp4" not in [file.path.name for file in Index.open(folder).skipped]


def test_what_is_not_read_is_one_line_with_counts(library, folder, model) -> None:
    for name in ("x.CR2", "y.cr2", "sub/z.r3d"):
        (library / name).touch()
    report = build_index(library, folder, model)
    assert counts(report) == (3, 0, 2)
    assert report.unread == {".cr2": 2, ".r3d": 1}
    assert "unsupported formats: 2 .cr2, 1 .r3d" in str(report).splitlines()
