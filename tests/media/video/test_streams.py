"""Which of several video streams is read: the one that players take."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Disposition

from tests.media.make import number_of, picture, probe
from vlret.media.decode import decode
from vlret.media.open_media import open_media
from vlret.media.pool import DecodeJob, DecodePool, FileDone

Track = tuple[str, int, int, int, Disposition]  # codec, frames, width, first number, disposition
NONE, DEFAULT, COVER = Disposition(0), Disposition.default, Disposition.attached_pic


def film(path: Path, *tracks: Track) -> Path:
    """Tracks of numbered frames at 10 a second, interleaved."""
    with av.open(str(path), "w") as container:
        streams = []
        for codec, n_frames, width, first, disposition in tracks:
            stream = container.add_stream(codec, rate=10)
            stream.width, stream.height = width, width * 3 // 4
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.options = {} if codec == "mjpeg" else {"preset": "ultrafast", "g": "10"}
            stream.disposition = disposition
            streams.append((stream, n_frames, first))
        for number in range(max(n_frames for _, n_frames, _ in streams)):
            for stream, n_frames, first in streams:
                if number < n_frames:
                    pixels = picture(first + number, stream.width, stream.height)
                    frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
                    frame.pts, frame.time_base = number, Fraction(1, 10)
                    container.mux(stream.encode(frame))
        for stream, _, _ in streams:
            container.mux(stream.encode())
    return path


FILMS: dict[str, tuple[Track, ...]] = {
    "default_second.mp4": (("libx264", 30, 192, 60, NONE), ("libx264", 20, 128, 0, DEFAULT)),
    "default_second.mkv": (("libx264", 30, 192, 60, NONE), ("libx264", 20, 128, 0, DEFAULT)),
    "larger_second.ts": (("libx264", 30, 64, 60, NONE), ("libx264", 20, 128, 0, NONE)),
    "larger_first.mov": (("libx264", 20, 128, 0, NONE), ("libx264", 30, 64, 60, NONE)),
    "longer_second.mkv": (("libx264", 10, 128, 60, DEFAULT), ("libx264", 20, 128, 0, DEFAULT)),
    "one_picture_first.mkv": (("mjpeg", 1, 512, 60, DEFAULT), ("libx264", 20, 128, 0, NONE)),
    "one_picture_last.mkv": (("libx264", 20, 128, 0, DEFAULT), ("mjpeg", 1, 512, 60, DEFAULT)),
    "preview_first.mp4": (("mjpeg", 5, 64, 60, NONE), ("libx264", 20, 128, 0, DEFAULT)),
    "preview_first.avi": (("mjpeg", 5, 64, 60, NONE), ("libx264", 20, 128, 0, NONE)),
    "cover_first.mp4": (("mjpeg", 1, 512, 60, COVER), ("libx264", 20, 128, 0, DEFAULT)),
}  # fmt: skip


@pytest.mark.parametrize("name", FILMS)
def test_the_stream_that_players_take(name: str, tmp_path: Path):
    path = film(tmp_path / name, *FILMS[name])
    info = probe(path)
    assert (info.width, info.height) == (128, 96)
    assert info.duration == pytest.approx(2.0, abs=0.2)
    assert number_of(decode(path, [0.0]).pixels[0]) == 0
    assert number_of(decode(path, [9.0]).pixels[0]) == 19
    with open_media(path) as media:
        several = [] if name.startswith("cover") else ["2 video streams, one is read"]
        assert media.warnings == several


def test_the_run_tells_of_several_streams(tmp_path: Path):
    path = film(tmp_path / "a.mkv", *FILMS["default_second.mkv"])
    with DecodePool() as pool:
        done = list(pool.run([DecodeJob(path, "whole", 1)]))[-1]
    assert isinstance(done, FileDone)
    assert done.warning == "2 video streams, one is read"
