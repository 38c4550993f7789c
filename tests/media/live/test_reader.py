"""Files, pipes and addresses as streams: the frames, their times, and what is lost on the way."""

from __future__ import annotations

import os
import time
from itertools import pairwise

import pytest

from tests.media.live.rtsp_server import rtsp_serving
from tests.media.live.serving import in_thread, serving, transport_stream
from tests.media.make import number_of, video
from tests.refusal import refused
from vlret.media.live import reader as reader_module
from vlret.media.live.reader import StreamReader
from vlret.media.live.source import stream_source

HZ = 5.0  # the source has 10 frames a second: every second one is seen
EXPECTED = [(0.1 + 0.2 * i, 2 * i + 1) for i in range(20)]


def read(source: object, pause_s: float = 0.0, n: int | None = None) -> tuple[list[tuple[float, int]], int]:
    """(seconds, number) of the frames, `n` of them at most, and how many were dropped."""
    found = []
    with StreamReader(stream_source(str(source)), HZ, None) as reader:
        for batch in reader.batches(4):
            found += [(frame.time_s, number_of(frame.pixels)) for frame in batch]
            if n and len(found) >= n:
                break
            time.sleep(pause_s)
        return found, reader.n_dropped


@pytest.fixture(scope="module")
def ts(tmp_path_factory):
    return transport_stream(tmp_path_factory.mktemp("ts") / "numbers.ts")


def assert_frames(found: list[tuple[float, int]], expected: list[tuple[float, int]] = EXPECTED) -> None:
    assert [number for _, number in found] == [number for _, number in expected]
    assert [time_s for time_s, _ in found] == pytest.approx([time_s for time_s, _ in expected])


def test_a_file_is_read_without_loss_however_slow_the_model(tmp_path):
    found, n_dropped = read(video(tmp_path / "a.mp4"), pause_s=0.02)
    assert_frames(found)
    assert n_dropped == 0


def test_an_image_is_one_frame(tmp_path):
    found, _ = read(video(tmp_path / "a.png", "-frames:v", "1", n=1))
    assert found == [(0.1, 0)]


def test_a_fifo_is_read_without_loss(ts, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = in_thread(lambda: fifo.write_bytes(ts.read_bytes()))
    found, n_dropped = read(fifo)
    writer.join(10)
    assert_frames(found[:19], EXPECTED[:19])
    assert n_dropped == 0


def test_time_stamps_that_begin_anew_do_not_set_the_time_back(ts, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = in_thread(lambda: fifo.write_bytes(ts.read_bytes() * 2))
    found, _ = read(fifo)
    writer.join(10)
    times = [time_s for time_s, _ in found]
    assert times == pytest.approx([0.1 + 0.2 * i for i in range(len(found))])
    assert 38 <= len(found) <= 40
    assert sum(number == 1 for _, number in found) in (1, 2)


def test_a_file_behind_an_address_is_read_without_loss_and_once(ts):
    with serving(ts.read_bytes(), length=True) as address:
        found, n_dropped = read(address, pause_s=0.05)
    assert_frames(found[:19], EXPECTED[:19])
    assert len(found) <= 20
    assert n_dropped == 0


def test_a_server_that_is_killed_and_comes_back_is_read_on_and_time_goes_on(ts, monkeypatch, caplog):
    monkeypatch.setattr(reader_module, "RECONNECT_PAUSES_S", (0.2,))
    data, found = ts.read_bytes(), []
    with serving(data[: len(data) // 2]) as address:
        port = int(address.rpartition(":")[2].partition("/")[0])
        reader = StreamReader(stream_source(address), HZ, None)
        reader.__enter__()
        batches = reader.batches(1)
        while len(found) < 5:
            found += [(frame.time_s, number_of(frame.pixels)) for frame in next(batches)]
    gone_s = time.monotonic()
    while "Connection refused" not in caplog.text or time.monotonic() - gone_s < 1.0:
        time.sleep(0.05)
    with serving(data, port=port):
        while found[-1][1] >= found[-2][1]:  # the numbers begin anew
            found += [(frame.time_s, number_of(frame.pixels)) for frame in next(batches)]
        reader.__exit__(None, None, None)
    times = [time_s for time_s, _ in found]
    assert times == sorted(times)
    assert times[-1] - times[4] >= 1.0
    assert "Connection refused. Connecting again in 0.2 s." in caplog.text
    assert "secret" not in caplog.text


def test_a_new_connection_never_sets_the_time_back(ts, monkeypatch):
    monkeypatch.setattr(reader_module, "RECONNECT_PAUSES_S", (0.05,))
    with serving(ts.read_bytes()[: ts.stat().st_size // 3]) as address:
        found, _ = read(address, n=15)
    times = [time_s for time_s, _ in found]
    assert sum(number == 1 for _, number in found) >= 2
    assert all(before < after for before, after in pairwise(times))


def test_rtsp_is_read_and_read_on_when_the_server_ends_it(ts, monkeypatch, caplog):
    monkeypatch.setattr(reader_module, "RECONNECT_PAUSES_S", (0.2,))
    with rtsp_serving(ts.read_bytes(), seconds=1.0) as address:
        found, n_dropped = read(address, n=25)
    assert_frames(found[:18], EXPECTED[:18])
    assert found[-1][0] > found[17][0]
    assert n_dropped == 0
    assert "Connecting again in 0.2 s." in caplog.text
    assert "secret" not in caplog.text


def test_motion_jpeg_of_a_camera_has_the_times_at_which_it_comes(tmp_path, caplog):
    photo = video(tmp_path / "a.jpg", "-frames:v", "1", "-q:v", "1", n=1).read_bytes()
    part = b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(photo), photo)
    with serving(part * 10, pause_s=0.2, kind="multipart/x-mixed-replace;boundary=next") as address:
        found, _ = read(address, n=8)
    assert [number for _, number in found[:8]] == [0] * 8
    assert "Connecting" not in caplog.text


def test_what_is_no_camera_is_refused():
    with refused("stream_lost"):
        read("/dev/null")


def test_a_connection_that_never_comes_back_is_an_error(ts, monkeypatch):
    monkeypatch.setattr(reader_module, "RECONNECT_PAUSES_S", (0.1,))
    monkeypatch.setattr(reader_module, "RECONNECT_S", 0.5)
    with serving(ts.read_bytes()) as address:
        reader = StreamReader(stream_source(address), HZ, None)
        reader.__enter__()
        batches = reader.batches(4)
        next(batches)
    with refused("stream_lost") as caught:
        list(batches)
    reader.__exit__(None, None, None)
    assert "secret" not in str(caught.value)


def test_a_model_slower_than_an_endless_stream_loses_the_oldest_frames(ts, monkeypatch):
    monkeypatch.setattr(reader_module, "STREAM_QUEUE_FRAMES", 4)
    with serving(ts.read_bytes()) as address, StreamReader(stream_source(address), HZ, None) as reader:
        batches = reader.batches(1)
        next(batches)
        while reader.n_dropped < 5:
            time.sleep(0.05)
        numbers = [number_of(next(batches)[0].pixels) for _ in range(4)]
    assert numbers == sorted(numbers)
    assert numbers[0] >= 11


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_an_address_that_does_not_answer_is_refused_at_once(scheme):
    with refused("stream_lost") as caught:
        read(f"{scheme}://me:secret@127.0.0.1:9/live")
    assert "secret" not in str(caught.value)
    assert "***@127.0.0.1" in str(caught.value)


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n"


@pytest.mark.parametrize("data", [PLAYLIST, b"no video" * 500], ids=["playlist", "text"])
def test_playlists_and_other_files_behind_an_address_are_refused(data):
    with serving(data, length=True) as address, refused("stream_lost"):
        read(address)


def test_a_file_without_video_is_refused(odd):
    with refused("no_video"):
        read(odd("sound.mp4"))


def test_leaving_early_ends_the_child(ts, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    holder = os.open(fifo, os.O_RDWR)  # a writer that never writes
    started = time.monotonic()
    with StreamReader(stream_source(fifo), HZ, None) as reader:
        time.sleep(0.5)
    os.close(holder)
    assert not reader._thread.is_alive()
    assert time.monotonic() - started < 20
