"""limits.py: tiny files that would eat time or memory cost one line."""

from __future__ import annotations

import io
import json
import struct
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.media.make import H264, video
from tests.refusal import refused
from vlret.media import limits
from vlret.media.open_media import open_media
from vlret.media.pool import ClipDecoded, DecodeJob, DecodePool, FileDone, FileFailed, child_main
from vlret.media.video import read_packets


def gif(path: Path, n: int, width: int, height: int) -> Path:
    """`n` frames of one pixel, 23 bytes each, on a canvas of `width` x `height`; 10 a second."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x21\xf9\x04\0\x0a\0\0\0\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    path.write_bytes(head + n * frame + b";")
    return path


def patched(path: Path, box: bytes, offset: int, value: int) -> Path:
    """40 frames with a wrong number of four bytes at `offset` into a box of the MP4."""
    data = bytearray(video(path, *H264[:4], "-bf", 0, "-g", 10, "-pix_fmt", "yuv420p").read_bytes())
    at = data.index(box) + offset
    data[at : at + 4] = value.to_bytes(4)
    path.write_bytes(bytes(data))
    return path


def run(path: Path, rule: str = "auto") -> tuple[int, FileDone | FileFailed]:
    """How many clips come, and the end."""
    with DecodePool() as pool:
        *clips, end = pool.run([DecodeJob(path, rule, 2, size=(32, 32))])
    assert all(isinstance(event, ClipDecoded) for event in clips)
    assert isinstance(end, FileDone | FileFailed)
    return len(clips), end


def test_real_recordings_stay_far_below_the_limits():
    day_s, rate = 86_400, 60
    assert 10 * day_s / 10 < limits.MAX_CLIPS
    assert 1.5 * day_s * rate < limits.MAX_PACKETS
    assert limits.decode_limit_s(day_s * 250_000) > 20 * day_s  # 2 Mbit/s
    assert limits.worker_limit_bytes(0) < 1 << 30
    n_8k_frame_bytes = 7680 * 4320 * 3  # 10 bit, 4:2:0
    assert limits.worker_limit_bytes(50_000_000) > 16 * n_8k_frame_bytes


@pytest.mark.parametrize(
    ("box", "offset", "value"),
    [(b"stts", 16, 1 << 31), (b"stts", 16, 1 << 20), (b"stts", 16, 0), (b"stts", 16, 1), (b"stts", 12, 1 << 31),
     (b"mdhd", 16, 1), (b"mdhd", 16, (1 << 32) - 1), (b"elst", 20, 1 << 30)],
)  # fmt: skip
def test_absurd_durations_give_few_clips(box: bytes, offset: int, value: int, tmp_path: Path):
    n_clips, end = run(patched(tmp_path / "a.mp4", box, offset, value))
    assert n_clips <= 40
    assert isinstance(end, FileDone) or "span" in end.reason


def test_a_gif_of_many_frames(tmp_path: Path):
    n_clips, end = run(gif(tmp_path / "a.gif", 3000, 16, 16), "window:10")
    assert (n_clips, type(end)) == (30, FileDone)


def test_more_packets_than_a_file_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = video(tmp_path / "a.mp4", *H264)
    monkeypatch.setattr(read_packets, "MAX_PACKETS", 40)
    with open_media(path):
        pass
    monkeypatch.setattr(read_packets, "MAX_PACKETS", 39)
    path.touch()
    with refused("too_many_frames"), open_media(path):
        pass


def test_a_file_that_takes_too_much_time_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = video(tmp_path / "a.mp4", *H264)
    monkeypatch.setattr(child_main, "_REPORT_S", 0)
    monkeypatch.setattr(child_main, "decode_limit_s", lambda n_bytes: 0.0)
    out = io.BytesIO()
    job = {
        "kind": "clips",
        "clips": "whole",
        "n_frames": 2,
        "sampling": "midpoint",
        "decoder": "auto",
        "size": None,
    }
    child_main._answer(child_main.KINDS, {**job, "path": str(path)}, out)
    last = json.loads(out.getvalue().splitlines()[-1])
    assert (last["kind"], last["reason"]) == ("failed", "takes more than 0 s of CPU time")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_worker_takes_a_gigabyte_for_a_small_file(tmp_path: Path):
    """A canvas of 13000 x 13000 pixels; a small good file is read afterwards by the same process."""
    path, good = gif(tmp_path / "vast.gif", 4, 13_000, 13_000), tmp_path / "good.png"
    Image.new("RGB", (8, 8)).save(good)
    with DecodePool() as pool:
        events = list(pool.run([DecodeJob(path, "whole", 2), DecodeJob(good, "whole", 1)]))
        status = Path(f"/proc/{pool.pids[0]}/status").read_text()
    assert isinstance(events[0], FileFailed)
    assert [type(event) for event in events[1:]] == [ClipDecoded, FileDone]
    assert int(status.partition("VmHWM:")[2].split()[0]) < 1_000_000  # kB
