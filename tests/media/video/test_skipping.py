"""Frames that no wanted frame needs are not decoded, and those that are wanted stay the same to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from tests.media.make import ffmpeg
from tests.media.video.test_damage import changed
from vlret.media.open_media import open_media
from vlret.media.video import stream
from vlret.media.video.damage import DamageCheck
from vlret.media.video.skipping import references_of
from vlret.types import Pixels

Frames = list[tuple[float, Pixels]]
N_FRAMES, RATE = 72, 12


def x264(parameters: str, *options: object) -> tuple[object, ...]:
    return (
        "-c:v", "libx264", "-preset", "veryfast", "-x264-params", f"keyint=24:b-adapt=0:{parameters}", *options,
    )  # fmt: skip


def x265(parameters: str, *options: object) -> tuple[object, ...]:
    return (
        "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
        f"log-level=none:keyint=24:min-keyint=24:b-adapt=0:{parameters}", *options,
    )  # fmt: skip


VP9 = ("-c:v", "libvpx-vp9", "-g", 24, "-cpu-used", 8, "-deadline", "realtime")
# name: encoder options, and whether frames are left out when few are wanted
FILMS: dict[str, tuple[tuple[object, ...], bool]] = {
    "b3.mp4": (x264("bframes=3"), True),
    "b8.mp4": (x264("bframes=8"), True),
    "b3.mkv": (x264("bframes=3"), True),
    "fragmented.mp4": (x264("bframes=3", "-movflags", "frag_keyframe+empty_moov"), True),
    "no_pyramid.mp4": (x264("bframes=3:b-pyramid=none"), True),
    "strict_pyramid.mp4": (x264("bframes=5:b-pyramid=strict"), True),
    "temporal.mp4": (x264("bframes=3:direct=temporal:weightb=1:ref=4"), True),
    "spatial_cavlc.mp4": (x264("bframes=3:direct=spatial:cabac=0:slices=3"), True),
    "open_gop.mp4": (x264("bframes=3:open-gop=1"), True),
    "10_bit.mp4": (x264("bframes=3", "-pix_fmt", "yuv420p10le"), True),
    "vfr.mp4": (x264("bframes=3", "-vf", "setpts=N*(N+9)/100/TB", "-fps_mode", "vfr"), True),
    "refresh.mp4": (x264("bframes=2:intra-refresh=1"), False),
    "no_b.mp4": (x264("bframes=0"), False),
    "interlaced.mp4": (x264("bframes=3:interlaced=1"), False),
    "b3.ts": (x264("bframes=3"), False),
    "b3.264": (x264("bframes=3"), False),
    "hevc_b3.mp4": (x265("bframes=3:b-pyramid=0"), True),
    "hevc_pyramid.mkv": (x265("bframes=8:b-pyramid=1:rc-lookahead=20"), True),
    "hevc_open_gop.mp4": (x265("bframes=4:open-gop=1"), True),
    "hevc_layers.mp4": (x265("bframes=4:temporal-layers=3"), False),
    "vp9.webm": (VP9, False),
    "vp9_hidden.webm": ((*VP9[:-1], "good", "-auto-alt-ref", 1, "-lag-in-frames", 16), False),
    "av1.mp4": (("-c:v", "libsvtav1", "-preset", 12, "-g", 24), False),
    "mpeg4.mp4": (("-c:v", "mpeg4", "-bf", 2, "-g", 24), False),
    "packed.avi": (("-c:v", "mpeg4", "-bf", 2, "-g", 24), False),
    "mpeg2.mkv": (("-c:v", "mpeg2video", "-bf", 2, "-g", 24, "-r", 25), False),
}  # fmt: skip


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("films")

    def made(name: str) -> Path:
        path = folder / name
        if not path.exists():
            source = f"testsrc2=s=160x96:r={RATE}:d={N_FRAMES / RATE},noise=alls=20:allf=t,format=yuv420p"
            ffmpeg("-f", "lavfi", "-i", source, *FILMS[name][0], path)
        return path

    return made


@pytest.fixture
def n_decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of frames that the decoder returned, at [0]."""
    counted, good = [0], DamageCheck.good

    def count(self: DamageCheck, frames: list[av.VideoFrame], is_end: bool = False):
        counted[0] += len(frames)
        return good(self, frames, is_end)

    monkeypatch.setattr(DamageCheck, "good", count)
    return counted


def every(path: Path) -> Frames:
    with open_media(path) as media:
        return list(media.every_frame(None))


def picked(path: Path, times: list[float]) -> Frames:
    with open_media(path) as media:
        return list(media.frames_at(times, None))


def wishes(stamps: list[float]) -> Iterator[list[float]]:
    """Sparse, dense in one place, one clip in the middle, at random, all, past the end."""
    end = stamps[-1]
    rng = np.random.default_rng(3)
    yield np.linspace(0.1, end, 8).tolist()
    yield stamps[len(stamps) // 3 : len(stamps) // 3 + 7]
    yield np.linspace(end / 2, end / 2 + 1, 4).tolist()
    for n in (1, 1, 1, 3, 12):
        yield np.sort(rng.uniform(0, end + 0.5, n)).tolist()
    yield stamps
    yield [end / 3, end + 1, end + 2]


@pytest.mark.parametrize("name", FILMS)
def test_equals_sequential_decoding(name: str, film: Callable[[str], Path]):
    expected = every(film(name))
    stamps = [time for time, _ in expected]
    for times in wishes(stamps):
        numbers = np.searchsorted(stamps, np.array(times) + 1e-6, side="right") - 1
        for number, (time, pixels) in zip(numbers, picked(film(name), times), strict=True):
            assert time == stamps[number], times
            np.testing.assert_array_equal(pixels, expected[number][1], err_msg=str(times))


@pytest.mark.parametrize("name", FILMS)
def test_fewer_frames_are_decoded(
    name: str, film: Callable[[str], Path], n_decoded: list[int], monkeypatch: pytest.MonkeyPatch
):
    end = every(film(name))[-1][0]
    counts = []
    for _ in range(2):
        n_decoded[0] = 0
        picked(film(name), [end * share for share in (0.1, 0.45, 0.8, 1)])
        counts.append(n_decoded[0])
        monkeypatch.setattr(stream, "references_of", lambda *_: None)
    needed, together = counts
    assert needed <= together
    assert (needed < 0.75 * together) == FILMS[name][1]


DAMAGE: dict[str, Callable[[bytes], bytes | None]] = {
    "lost": lambda data: None,
    "another unit": lambda data: data[:4] + b"\x09" + data[5:],
    "header": lambda data: data[:7] + bytes(byte ^ 0x55 for byte in data[7:9]) + data[9:],
    "flipped": lambda data: data[: len(data) // 2] + bytes(b ^ 0x55 for b in data[len(data) // 2 :]),
}


def damaged(film: Path, folder: Path, kind: str, number: int) -> Path:
    return changed(film, folder / "a.mkv", lambda n, data: DAMAGE[kind](data) if n == number else data)


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize(
    ("number", "wanted_s"), [(37, (0.5, 3.25, 3.75)), (45, (3.5, 4.0)), (61, (5.2, 5.9))]
)
def test_a_damaged_reference_frame_is_found_as_by_decoding_all(
    kind: str, number: int, wanted_s: tuple[float, ...],
    film: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    """Packet `number` is a P-frame, to which frames wanted right before it refer."""
    path = damaged(film("b3.mkv"), tmp_path, kind, number)
    results = []
    for _ in range(2):
        with open_media(path) as media:
            results.append(([*media.frames_at(wanted_s, None)], media.damaged_at))
        monkeypatch.setattr(stream, "references_of", lambda *_: None)
    (found, found_at), (expected, expected_at) = results
    assert (found_at is None) == (expected_at is None)
    assert found_at is None or expected_at - 0.5 <= found_at <= expected_at  # after the last frame decoded
    assert [time for time, _ in found] == [time for time, _ in expected]
    np.testing.assert_array_equal([pixels for _, pixels in found], [pixels for _, pixels in expected])


def test_damage_that_no_wanted_frame_needs_changes_nothing(film: Callable[[str], Path], tmp_path: Path):
    """Packet 31 is a B-frame to which no other refers."""
    times = [0.5, 2.25, 3.25, 3.75, 5.5]
    found = picked(damaged(film("b3.mkv"), tmp_path, "flipped", 31), times)
    for (time, pixels), (true_time, true) in zip(found, picked(film("b3.mkv"), times), strict=True):
        assert time == true_time
        np.testing.assert_array_equal(pixels, true)


def test_times_in_the_order_of_decoding_belong_to_other_frames(film: Callable[[str], Path], tmp_path: Path):
    """A film of B-frames with wrong times is decoded in full: its frames take them in the order they come out."""
    path = tmp_path / "a.mkv"
    with av.open(str(film("b3.mkv"))) as container, av.open(str(path), "w") as out:
        target = out.add_stream_from_template(container.streams.video[0])
        for number, packet in enumerate(p for p in container.demux(video=0) if p.size):
            packet.pts = packet.dts = number * 1000 // RATE
            packet.stream = target
            out.mux(packet)
    with open_media(path) as media:
        assert not media._stream.can_skip


def test_start_codes_before_hevc_parameter_sets_are_not_read_as_hvcc():
    """Byte 21 of these means something else: with it, packets would be taken apart by lengths that are none."""
    codec = av.CodecContext.create("hevc", "r")
    table = SimpleNamespace(seekable=True, pts=[0], n_packets=1, is_reordered=True)
    one_layer = bytes(20) + b"\x0f" + bytes(2)
    codec.extradata = b"\x01" + one_layer
    assert references_of(codec, table) is not None
    codec.extradata = b"\0" + one_layer
    assert references_of(codec, table) is None
