"""Frames are shown whatever their colour tags say."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.make import BLUE, H264, RED, ffmpeg, field, picture, video
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
