from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vlret
from tests.media.make import BLUE, H264, RED, ffmpeg, field, number_of, video
from tests.refusal import refused
from vlret.errors import MediaError
from vlret.media.decode import decode
from vlret.media.open_media import open_media

Odd = Callable[[str], Path]


def test_the_public_name():
    assert vlret.decode is decode


def test_order_and_repetition_are_kept(odd: Odd):
    frames = decode(odd("constant.mp4"), [3.2, 0.1, 0.1, 2.0])
    assert [number_of(p) for p in frames.pixels] == [32, 1, 1, 20]
    np.testing.assert_allclose(frames.times, [3.2, 0.1, 0.1, 2.0])


def test_its_own_stamps_give_the_same_frames_again(odd: Odd):
    frames = decode(odd("vfr.mkv"), np.linspace(0, 18, 30))
    again = decode(odd("vfr.mkv"), frames.times)
    np.testing.assert_array_equal(again.pixels, frames.pixels)
    np.testing.assert_array_equal(again.times, frames.times)


def test_no_times_give_no_frames(odd: Odd):
    assert decode(odd("constant.mp4"), []).pixels.shape == (0, 96, 128, 3)


@pytest.mark.parametrize("times", [[-0.1], [float("nan")], [float("inf")], [[0.0]], 1.0])
def test_bad_times(times: object, odd: Odd):
    with refused("invalid_times"):
        decode(odd("constant.mp4"), times)


@pytest.mark.parametrize("size", [(0, 8), (8, -1), (8,)])
def test_bad_sizes(size: tuple[int, ...], odd: Odd):
    with refused("invalid_frame_size"):
        decode(odd("constant.mp4"), [0.0], size=size)


def test_a_size_beyond_what_ffmpeg_scales(odd: Odd):
    with refused("not_convertible"):
        decode(odd("constant.mp4"), [0.0], size=(30_000, 30_000))


def test_a_file_that_is_not_there(tmp_path: Path):
    with refused("media_not_found"):
        decode(tmp_path / "gone.mp4", [0.0])
    with refused("media_not_found"):
        decode(tmp_path, [0.0])


@pytest.mark.parametrize(
    "name", ["constant.mp4", "rotated_90.mp4", "odd_size.webm", "exif.jpg", "full_range.mp4"]
)
@pytest.mark.parametrize("size", [(64, 64), (33, 71), (200, 150)])
def test_size_squashes_upright_frames(name: str, size: tuple[int, int], odd: Odd):
    pixels = decode(odd(name), [0.55], size=size).pixels
    assert pixels.shape == (1, size[1], size[0], 3)
    assert number_of(pixels[0]) == 5
    np.testing.assert_allclose(field(pixels[0], 0.25), RED, atol=4)


COLOURS = [
    "constant.mp4", "full_range.mp4", "hevc_10bit.mp4", "odd_size.mp4", "odd_size.webm", "interlaced.mp4",
    "interlaced.mpg", "vp9.webm", "av1.mp4", "divx.avi", "animated.gif", "cmyk.jpg", "alpha.png", "exif.jpg",
]  # fmt: skip


@pytest.mark.parametrize("name", COLOURS)
def test_colours_are_right(name: str, odd: Odd):
    pixels = decode(odd(name), [0.0]).pixels[0]
    np.testing.assert_allclose(field(pixels, 0.25), RED, atol=4)
    np.testing.assert_allclose(field(pixels, 0.75), BLUE, atol=4)


def test_untagged_and_tagged_matrices(tmp_path: Path):
    """BT.709 in limited range comes back right only if the tag is read."""
    tags = (
        "-vf",
        "scale=out_color_matrix=bt709:out_range=limited",
        "-colorspace",
        "bt709",
        "-color_range",
        "tv",
    )
    path = video(tmp_path / "bt709.mp4", *tags, *H264, n=2)
    np.testing.assert_allclose(field(decode(path, [0]).pixels[0], 0.25), RED, atol=4)


TURNED = ["rotated_90.mp4", "rotated_180.mp4", "rotated_270.mov", "mirrored.mp4", "mirrored_turned.mp4"]


@pytest.mark.parametrize("name", TURNED)
def test_turned_frames_stand_as_ffmpeg_shows_them(name: str, odd: Odd, tmp_path: Path):
    ffmpeg("-i", odd(name), "-frames:v", 1, tmp_path / "shown.png")
    shown = np.asarray(Image.open(tmp_path / "shown.png").convert("RGB")).astype(int)
    assert np.abs(decode(odd(name), [0.0]).pixels[0] - shown).mean() < 2


def test_transparency_lies_on_white(odd: Odd):
    pixels = decode(odd("transparent.mov"), [0.0]).pixels[0]
    on_white = 0.8 * np.array(RED) + 0.2 * 255
    np.testing.assert_allclose(field(pixels, 0.25), on_white, atol=3)
    assert decode(odd("alpha.png"), [0.0]).pixels[0, 0, 0].tolist() == [255, 255, 255]


def test_16_bit_grey_is_scaled_not_cut(tmp_path: Path):
    Image.fromarray(np.full((4, 4), 0x8000, np.uint16)).save(tmp_path / "deep.png")
    assert decode(tmp_path / "deep.png", [0.0]).pixels[0, 0, 0].tolist() == [128, 128, 128]


def test_a_seek_decodes_little_and_a_far_pass_skips_what_nobody_wants(tmp_path: Path):
    path = video(tmp_path / "long.mp4", *H264, n=250)
    n_packets = 0

    def count() -> None:
        nonlocal n_packets
        n_packets += 1

    with open_media(path, count) as media:
        before = n_packets
        (_, pixels), *_ = media.frames_at([24.55], None)
        assert number_of(pixels) == 245
        assert n_packets - before < 30
        before = n_packets
        assert [number_of(p) for _, p in media.frames_at([1.05, 12.05, 24.05], None)] == [10, 120, 240]
        assert n_packets - before < 60


def test_one_pass_after_another_starts_anew(odd: Odd):
    for name in ("constant.mp4", "stream.ts"):
        with open_media(odd(name)) as media:
            assert [number_of(p) for _, p in media.frames_at([3.0, 9.0], None)] == [30, 39]
            assert [number_of(p) for _, p in media.every_frame(None)] == list(range(40))
            assert [number_of(p) for _, p in media.frames_at([0.0, 1.0], None)] == [0, 10]


def test_names_that_look_like_protocols_or_are_not_utf8(odd: Odd, tmp_path: Path):
    for name in ("http:clip.mp4", "-y.mp4", os.fsdecode(b"caf\xe9.mp4")):
        path = tmp_path / name
        path.write_bytes(odd("constant.mp4").read_bytes())
        assert number_of(decode(path, [1.0]).pixels[0]) == 10


def test_files_are_closed(odd: Odd):
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")
    for name in ("constant.mp4", "damaged.mp4", "stream.ts", "exif.jpg"):
        decode(odd(name), [0.0, 3.0])
    with pytest.raises(MediaError):
        decode(odd("sound.mp4"), [0.0])
    links = [
        os.readlink(f"/proc/self/fd/{fd}")
        for fd in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{fd}")
    ]
    assert not [link for link in links if str(odd("constant.mp4").parent) in link]
