"""A copy on this machine for as long as a file at an address is decoded."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.media.make import H264, video
from tests.refusal import refused
from vlret.errors import MediaError, UsageError
from vlret.media import local_copy as module
from vlret.media.decode import decode, read_clip
from vlret.media.local_copy import local_copy
from vlret.media.open_media import open_media
from vlret.media.pool import ClipDecoded, DecodeJob, DecodePool, FileDone, FileFailed
from vlret.media.pool.read_headers import read_headers
from vlret.object_store import write_bytes
from vlret.remote_path import RemotePath
from vlret.types import Clip


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where copies go."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    return tmp_path / "scratch"


@pytest.fixture
def local(tmp_path: Path) -> Path:
    return video(tmp_path / "a.mp4", *H264)


@pytest.fixture
def remote(s3: RemotePath, local: Path) -> RemotePath:
    write_bytes(s3 / "a.mp4", local.read_bytes())
    return s3 / "a.mp4"


def test_a_file_of_this_machine_is_itself(local: Path, scratch: Path) -> None:
    with local_copy(local) as path:
        assert path is local
        assert not any(scratch.iterdir())


def test_a_copy_is_deleted_afterwards(remote: RemotePath, local: Path, scratch: Path) -> None:
    with local_copy(remote) as path:
        assert path.suffix == ".mp4"
        assert path.read_bytes() == local.read_bytes()
        assert path.is_relative_to(scratch)
    assert not any(scratch.iterdir())


def test_errors_name_the_address_and_leave_nothing(remote: RemotePath, scratch: Path) -> None:
    with refused("bad") as caught, local_copy(remote) as path:
        raise UsageError(f"{path} is bad.", f"Mend {path}.", code="bad", path=path)
    assert str(caught.value) == f"{remote} is bad. Mend {remote}."
    assert caught.value.fields == {"path": remote}
    with refused("media_unreachable") as caught, local_copy(remote.parent / "gone.mp4"):
        pass
    assert caught.value.message == f"{remote.parent}/gone.mp4: cannot be fetched: no such object or bucket."
    assert not any(scratch.iterdir())


def test_errors_show_no_key() -> None:
    with pytest.raises(MediaError) as caught, local_copy(RemotePath("s3:/key:secret@bucket/a.mp4")):
        pass
    assert "secret" not in f"{caught.value} {caught.value.fields}"


def test_frames_are_those_of_the_file(remote: RemotePath, local: Path, scratch: Path) -> None:
    for given in (remote, str(remote)):
        frames, expected = decode(given, [0.0, 0.5]), decode(local, [0.0, 0.5])
        assert (frames.pixels == expected.pixels).all()
    clip = Clip(remote, 0.2, 0.6)
    assert (read_clip(clip, 2).pixels == read_clip(Clip(local, 0.2, 0.6), 2).pixels).all()
    with open_media(remote) as media:
        assert media.info.kind == "video"
    assert not any(scratch.iterdir())


def test_a_pool_decodes_addresses_and_reports_those_that_are_gone(
    remote: RemotePath, local: Path, scratch: Path
) -> None:
    gone = remote.parent / "gone.mp4"
    jobs = [DecodeJob(path, "whole", 2) for path in (remote, gone, local)]
    with DecodePool(2) as pool:
        events = list(pool.run(jobs))
    frames = {event.job.path: event.frames for event in events if isinstance(event, ClipDecoded)}
    assert (frames[remote].pixels == frames[local].pixels).all()
    assert {event.clip.path for event in events if isinstance(event, ClipDecoded)} == {remote, local}
    assert sum(isinstance(event, FileDone) for event in events) == 2
    assert [event for event in events if isinstance(event, FileFailed)] == [
        FileFailed(jobs[1], "cannot be fetched: no such object or bucket", retry=True)
    ]
    assert not any(scratch.iterdir())


def test_at_most_one_copy_for_each_worker(
    s3: RemotePath, local: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    fetch = module.fetch

    def counted(*arguments: object) -> None:
        fetch(*arguments)
        seen.append(len(os.listdir(scratch)))

    monkeypatch.setattr(module, "fetch", counted)
    for n in range(6):
        write_bytes(s3 / f"{n}.mp4", local.read_bytes())
    with DecodePool(2) as pool:
        assert (
            sum(
                isinstance(e, FileDone)
                for e in pool.run(DecodeJob(s3 / f"{n}.mp4", "whole", 2) for n in range(6))
            )
            == 6
        )
    assert len(seen) == 6
    assert max(seen) <= 2


def test_a_full_disk_costs_one_file(
    remote: RemotePath, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bytes(remote.parent / "b.mp4", b"")
    fetch = module.fetch

    def full(address: RemotePath, to: Path, is_stopped: object) -> None:
        if address == remote:
            to.write_bytes(b"half of it")
            raise OSError(errno.ENOSPC, "No space left on device")
        fetch(address, to)

    monkeypatch.setattr(module, "fetch", full)
    jobs = [DecodeJob(path, "whole", 2) for path in (remote, remote.parent / "b.mp4")]
    with DecodePool() as pool:
        assert list(pool.run(jobs)) == [
            FileFailed(jobs[0], "cannot be fetched: No space left on device", retry=True),
            FileFailed(jobs[1], "empty file"),
        ]
    assert not any(scratch.iterdir())


def test_a_run_that_ends_early_stops_the_copy(
    remote: RemotePath, local: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[bool] = []

    def endless(address: RemotePath, to: Path, is_stopped: object) -> None:
        while not is_stopped():
            to.write_bytes(b"some")
        stopped.append(True)
        raise InterruptedError(errno.EINTR, "stopped")

    monkeypatch.setattr(module, "fetch", endless)
    with DecodePool(2) as pool:
        events = pool.run([DecodeJob(local, "whole", 2), DecodeJob(remote, "whole", 2)])
        assert next(events).job.path == local
        events.close()
    assert stopped == [True]
    assert not any(scratch.iterdir())


def test_no_header_is_fetched(remote: RemotePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "fetch", None)
    assert list(read_headers([remote])) == [(remote, None)]
