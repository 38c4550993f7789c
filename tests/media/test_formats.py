"""Containers and codecs of cameras, phones and the past: the frame shown at a time is the right one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.media.make import H264, HEIGHT, RED, WIDTH, ffmpeg, field, number_of, picture, probe, video
from tests.refusal import refused
from vlret.media.decode import decode
from vlret.media.sources import MEDIA_SUFFIXES

MPEG2 = ("-c:v", "mpeg2video", "-q:v", 2, "-r", 25)
FILMS: dict[str, tuple[object, ...]] = {
    "a.MTS": (*H264, "-f", "mpegts", "-mpegts_m2ts_mode", 1),
    "a.m2ts": (*H264, "-f", "mpegts", "-mpegts_m2ts_mode", 1),
    "a.m2t": (*MPEG2, "-f", "mpegts"),
    "a.tod": (*MPEG2, "-f", "mpegts"),
    "a.mod": (*MPEG2, "-f", "vob"),
    "a.VOB": (*MPEG2, "-f", "vob"),
    "a.mpe": (*MPEG2, "-f", "mpeg"),
    "a.m2p": (*MPEG2, "-f", "vob"),
    "a.m2v": (*MPEG2, "-f", "mpeg2video"),
    "a.m1v": ("-c:v", "mpeg1video", "-q:v", 2, "-r", 25, "-f", "mpeg1video"),
    "a.mpv": (*MPEG2, "-f", "mpeg2video"),
    "a.3gp": (*H264, "-f", "3gp"),
    "a.3g2": (*H264, "-f", "3g2"),
    "h263.3gp": ("-c:v", "h263", "-s", "128x96", "-r", "30000/1001", "-q:v", 2),
    "a.qt": (*H264, "-f", "mov"),
    "a.f4v": (*H264, "-f", "f4v"),
    "a.wmv": ("-c:v", "wmv2", "-q:v", 2),
    "a.asf": ("-c:v", "msmpeg4", "-q:v", 2),
    "a.flv": ("-c:v", "flv", "-q:v", 2),
    "h264.flv": H264,
    "a.mxf": (*MPEG2, "-pix_fmt", "yuv420p"),
    "a.ogv": ("-c:v", "libtheora", "-q:v", 8),
    "a.ogm": ("-c:v", "libtheora", "-q:v", 8, "-f", "ogg"),
    "a.rm": ("-c:v", "rv20", "-q:v", 2),
    "a.ivf": ("-c:v", "libvpx", "-b:v", "1M", "-deadline", "realtime", "-cpu-used", 8),
    "a.obu": ("-c:v", "libaom-av1", "-cpu-used", 8, "-crf", 20, "-r", 25),
    "a.hevc": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:bframes=0"),
    "a.265": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:bframes=0", "-f", "hevc"),
    "a.divx": ("-c:v", "mpeg4", "-q:v", 2, "-f", "avi"),
    "a.nut": ("-c:v", "ffv1"),
    "a.y4m": ("-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe"),
    "prores.mov": ("-c:v", "prores_ks",),
    "mjpeg.avi": ("-c:v", "mjpeg", "-q:v", 2, "-pix_fmt", "yuvj420p"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILMS)
def test_a_film(name: str, tmp_path: Path):
    path = video(tmp_path / name, *FILMS[name])
    assert path.suffix.lower() in MEDIA_SUFFIXES
    info = probe(path)
    assert (info.kind, info.width, info.height) == ("video", 128, 96)
    assert info.duration == pytest.approx(4.0, abs=0.15)
    frames = decode(path, [0.05, 3.25])
    assert [number_of(pixels) for pixels in frames.pixels] == [0, 32]
    np.testing.assert_allclose(field(frames.pixels[0], 0.25), RED, atol=8)


def test_dv(tmp_path: Path):
    path = video(tmp_path / "tape.dv", "-s", "720x576", "-r", 25, "-pix_fmt", "yuv420p", "-f", "dv", n=5)
    assert number_of(decode(path, [0.45]).pixels[0]) == 4


@pytest.mark.parametrize(
    "options",
    [
        ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-b:v", "1M", "-cpu-used", 8, "a.webm"),
        (
            "-c:v",
            "libvpx",
            "-pix_fmt",
            "yuva420p",
            "-b:v",
            "1M",
            "-auto-alt-ref",
            0,
            "-cpu-used",
            8,
            "a.webm",
        ),
        ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-b:v", "1M", "-cpu-used", 8, "a.mkv"),
        ("-c:v", "prores_ks", "-pix_fmt", "yuva444p10le", "-profile:v", 4, "a.mov"),
        ("-c:v", "png", "a.mov"),
        ("-c:v", "qtrle", "a.mov"),
        ("-c:v", "ffv1", "-pix_fmt", "bgra", "a.mkv"),
        ("-c:v", "ffv1", "-pix_fmt", "yuva420p", "a.mkv"),
        ("-c:v", "hap", "-format", "hap_alpha", "a.mov"),
    ],
    ids=lambda options: f"{options[1]}-{options[-1]}",
)
def test_transparency_lies_on_white(options: tuple[object, ...], tmp_path: Path):
    see_through = ("-vf", "format=argb,colorchannelmixer=aa=0.8")
    path = video(tmp_path / str(options[-1]), *see_through, *options[:-1], n=12)
    on_white = 0.8 * np.array(RED) + 0.2 * 255
    for pixels in decode(path, [0.0, 1.05]).pixels:
        np.testing.assert_allclose(field(pixels, 0.25), on_white, atol=6)


def test_vp9_without_alpha_and_a_film_in_two_layers(tmp_path: Path):
    """The mark of alpha without alpha in the file is no harm."""
    source = video(tmp_path / "source.webm", "-c:v", "libvpx-vp9", "-b:v", "1M", "-cpu-used", 8, n=5)
    ffmpeg("-i", source, "-c", "copy", "-metadata:s:v", "alpha_mode=1", tmp_path / "marked.webm")
    assert number_of(decode(tmp_path / "marked.webm", [0.45]).pixels[0]) == 4


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_moving_pictures_with_transparency(kind: str, tmp_path: Path):
    """The bars are transparent: on white they are gone. An animated GIF is a video, the others are images."""
    pixels = np.concatenate([picture(5), np.full((HEIGHT, WIDTH, 1), 255, np.uint8)], 2)
    pixels[: HEIGHT * 2 // 3, :, 3] = 0
    frames = [Image.fromarray(np.roll(pixels, number, 1)) for number in range(3)]
    path = tmp_path / "moving"
    frames[0].save(path, kind, save_all=True, append_images=frames[1:], duration=100, disposal=2)
    assert probe(path).kind == ("video" if kind == "GIF" else "image")
    shown = decode(path, [0.0]).pixels[0]
    assert shown[5, 5].tolist() == [255, 255, 255]
    np.testing.assert_allclose(field(shown, 0.25), RED, atol=8)


def test_frames_that_need_too_much_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = video(tmp_path / "a.mp4", *H264, n=2)
    assert probe(path).width == 128
    monkeypatch.setattr("vlret.media.video.container.MAX_FRAME_BYTES", 18_000)
    with refused("too_large"):
        decode(path, [0.0])
