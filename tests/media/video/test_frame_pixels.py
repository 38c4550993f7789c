"""Frames are upright, whatever their side data, and in the right colours, whatever their tags."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.sidedata.sidedata import Type
from PIL import Image, ImageOps

from tests.media.make import BLUE, H264, RED, ffmpeg, field, number_of, picture, probe, video
from vlret.media.decode import decode
from vlret.media.video.frame_pixels import Orientation, frame_pixels


def tagged(path: Path, matrix: int) -> Path:
    """H.264 converted with BT.601 whose header names another matrix."""
    source = video(path.with_name("source.mp4"), *H264, n=1)
    ffmpeg("-i", source, "-c", "copy", "-bsf:v", f"h264_metadata=matrix_coefficients={matrix}", path)
    return path


@pytest.mark.parametrize("matrix", [3, 8, 11, 12, 13, 14, 15, 16, 17, 200])
def test_a_matrix_that_is_not_converted_is_taken_as_bt601(matrix: int, tmp_path: Path):
    pixels = decode(tagged(tmp_path / "clip.mkv", matrix), [0]).pixels[0]
    np.testing.assert_allclose(field(pixels, 0.25), RED, atol=4)
    np.testing.assert_allclose(field(pixels, 0.75), BLUE, atol=4)


def test_bt2020_constant_luminance_is_taken_as_bt2020(tmp_path: Path):
    constant = decode(tagged(tmp_path / "constant.mp4", 10), [0]).pixels
    np.testing.assert_array_equal(constant, decode(tagged(tmp_path / "plain.mp4", 9), [0]).pixels)


def test_any_other_tag():
    """Primaries and transfer are not converted; the range is."""
    for tag in range(256):
        frame = av.VideoFrame.from_ndarray(picture(5), "rgb24").reformat(format="yuv420p")
        frame.color_primaries = frame.color_trc = tag
        frame.colorspace = tag if tag else 2
        if tag not in (1, 4, 7, 9, 10):  # converted by other coefficients
            pixels = frame_pixels(frame, (128, 96), Orientation())
            np.testing.assert_allclose(field(pixels, 0.25), RED, atol=4)


def stored(orientation: int, kind: str, number: int) -> bytes:
    """A JPEG or PNG that shows `number` once its EXIF orientation is applied."""
    image = Image.fromarray(picture(number))
    way = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.get(orientation)
    if way is not None:
        image = image.transpose(Image.Transpose(way))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, kind, exif=exif, quality=95)
    shown = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
    assert number_of(np.asarray(shown)) == number
    return file.getvalue()


def film(path: Path, orientation: int, kind: str, n: int = 4) -> Path:
    """A film of such pictures at 10 a second."""
    pictures = [stored(orientation, kind, number) for number in range(n)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg" if kind == "JPEG" else "png", rate=10)
        stream.width, stream.height = Image.open(io.BytesIO(pictures[0])).size
        stream.pix_fmt = "yuvj420p" if kind == "JPEG" else "rgb24"
        for number, data in enumerate(pictures):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 10)
            packet.pts = packet.dts = number
            packet.duration, packet.is_keyframe = 1, True
            container.mux(packet)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("name", "kind"), [("a.avi", "JPEG"), ("a.mov", "JPEG"), ("a.mkv", "JPEG"), ("b.mov", "PNG")]
)
def test_frames_with_exif(name: str, kind: str, orientation: int, tmp_path: Path):
    path = film(tmp_path / name, orientation, kind)
    info = probe(path)
    assert (info.width, info.height, info.n_frames) == (128, 96, 4)
    assert [number_of(pixels) for pixels in decode(path, [0.0, 0.35]).pixels] == [0, 3]


def test_every_type_of_side_data_has_a_name():
    """29: the views of MV-HEVC."""
    assert [Type(number).value for number in range(60)] == list(range(60))
