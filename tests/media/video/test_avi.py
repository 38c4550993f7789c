"""AVI and raw streams store no times, only the order of decoding: frame n is shown at n / rate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.make import number_of, video
from vlret.media.decode import decode
from vlret.media.open_media import open_media

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b_strategy", 0)
X265 = (
    "-c:v",
    "libx265",
    "-preset",
    "ultrafast",
    "-x265-params",
    "bframes=3:b-adapt=0:keyint=10:log-level=none",
)
MPEG4 = ("-c:v", "mpeg4", "-q:v", 2, "-g", 10, "-bf", 2)
DROPPED = ("-vf", "select='not(between(n,5,9))*not(between(n,22,25))'", "-fps_mode", "vfr")
LEFT = [n for n in range(40) if not 5 <= n <= 9 and not 22 <= n <= 25]


def frames_of(path: Path) -> list[tuple[float, int]]:
    with open_media(path) as media:
        frames = [(round(time, 6), number_of(pixels)) for time, pixels in media.every_frame(None)]
        assert media.info.duration == pytest.approx(4.0)
        assert media.damaged_at is None
        return frames


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("plain.avi", (*X264, "-bf", 0, "-g", 10)),
        ("b_frames.avi", (*X264, "-bf", 2, "-g", 10)),
        ("pyramid.avi", (*X264, "-bf", 8, "-g", 30, "-x264-params", "b-pyramid=normal:ref=4")),
        ("open_gop.avi", (*X264, "-bf", 3, "-x264-params", "open-gop=1:keyint=10:b-adapt=0")),
        ("asp.avi", MPEG4),
        ("b_frames.264", (*X264, "-bf", 2, "-g", 10, "-f", "h264")),
        ("b_frames.hevc", X265),
        ("b_frames.m4v", MPEG4),
    ],
)
def test_frame_n_is_shown_at_n_by_the_rate(name: str, options: tuple[object, ...], tmp_path: Path):
    path = video(tmp_path / name, *options)
    assert frames_of(path) == [(n / 10, n) for n in range(40)]
    assert [number_of(p) for p in decode(path, [3.25, 0.05, 1.5]).pixels] == [32, 0, 15]


@pytest.mark.parametrize("codec", [(*X264, "-bf", 0), (*X264, "-bf", 2), MPEG4, ("-c:v", "mjpeg", "-q:v", 2)])
def test_frames_that_an_avi_leaves_out_take_their_time(codec: tuple[object, ...], tmp_path: Path):
    path = video(tmp_path / "dropped.avi", *DROPPED, *codec)
    assert frames_of(path) == [(n / 10, n) for n in LEFT]


def test_a_packed_bitstream(tmp_path: Path):
    """As DivX writes it: a B-frame lies in the packet of the frame it leans on, then a packet stands for that."""
    source = video(tmp_path / "source.avi", *MPEG4[:-1], 1, "-sc_threshold", 1_000_000_000)
    path = tmp_path / "packed.avi"
    with av.open(str(source)) as read, av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 128, 96
        packets = [
            bytes(packet).replace(b"Lavc", b"DivX503b1393pLavc")
            for packet in read.demux(video=0)
            if packet.size
        ]
        for number, data in enumerate(_packed(packets)):
            packet = av.Packet(data)
            packet.pts = packet.dts = number
            packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 10), stream, number == 0
            out.mux(packet)
    assert frames_of(path) == [(n / 10, n) for n in range(40)]


def _packed(packets: list[bytes]) -> list[bytes]:
    is_b = [data[data.index(b"\0\0\1\xb6") + 4] >> 6 == 2 for data in packets]
    following = [*is_b[1:], False]
    stands_for = b"\0\0\1\xb6\x50\x00\x7f"
    return [
        stands_for if b else data + packets[number + 1] if next_b else data
        for number, (data, b, next_b) in enumerate(zip(packets, is_b, following, strict=True))
    ]


def test_damage_does_not_move_what_comes_after_it(tmp_path: Path):
    path = video(tmp_path / "damaged.avi", *X264, "-bf", 2, "-g", 10)
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for position, size in packets[14:16]:
        data[position : position + size] = b"\xff" * size
    path.write_bytes(bytes(data))
    with open_media(path) as media:
        frames = [(round(time, 6), number_of(pixels)) for time, pixels in media.every_frame(None)]
        assert media.damaged_at is not None
    assert [frame for frame in frames if frame[0] >= 2.0] == [(n / 10, n) for n in range(20, 40)]
    assert np.all(np.diff([time for time, _ in frames]) > 0)
