"""Files of cameras."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from tests.media.make import H264, ffmpeg, video
from tests.media.mp4_boxes import add_track, rtmd_sample

NTSC = Fraction(30000, 1001)


@pytest.fixture(scope="session")
def shots(tmp_path_factory) -> dict[str, Path]:
    """Videos of 60 frames: drop-frame with sound, without time code, of a Sony camera, of an iPhone; an image."""
    folder = tmp_path_factory.mktemp("shots")
    silent = video(folder / "silent.mov", *H264, rate=NTSC, n=60)
    tone = ("-f", "lavfi", "-i", "sine=duration=2.002:sample_rate=48000")
    dropped = folder / "A001 Beach & sea.MOV"
    ffmpeg("-i", silent, *tone, "-c:v", "copy", "-ac", 2, "-timecode", "01:00:00;00", dropped)
    plain = video(folder / "plain.mp4", *H264, rate=NTSC, n=60)
    sony = video(folder / "C0001.MP4", *H264, rate=NTSC, n=60)
    add_track(sony, b"rtmd", b"", rtmd_sample(2, 0, 0, 0), NTSC)
    phone = video(folder / "IMG_1.MOV", *H264, "-timecode", "16:37:10;02", rate=30, n=60)
    picture = folder / "picture.jpg"
    Image.new("RGB", (40, 30), "red").save(picture)
    return {"dropped": dropped, "plain": plain, "sony": sony, "phone": phone, "picture": picture}
