"""encode_clip.py: clips encoded again, for playback."""

from __future__ import annotations

import av
import numpy as np
import pytest
from PIL import Image

from tests.media.make import BLUE, H264, RED, field, number_of, video
from tests.reports.conftest import write_counted
from vlret.errors import MediaError, UsageError
from vlret.reports.encode_clip import encode_clip
from vlret.types import Clip


@pytest.mark.parametrize(
    ("form", "codecs", "head"),
    [("mp4", ["h264", "aac"], b"ftyp"), ("webm", ["vp9", "opus"], b"\x1aE\xdf\xa3")],
)
def test_the_form(tmp_path, form, codecs, head):
    source, target = write_counted(tmp_path / "a.mp4", sound=True), tmp_path / "target"
    encode_clip(Clip(source, 1.05, 2.0), target, form=form)
    with av.open(str(target)) as file:
        assert [stream.codec_context.name for stream in file.streams] == codecs
        levels = [frame.to_ndarray(format="rgb24").mean() / 8 for frame in file.decode(video=0)]
        file.seek(0)
        heard = sum(frame.samples for frame in file.decode(audio=0)) / 48_000
    assert [round(level) for level in levels] == list(range(10, 20))
    assert heard == pytest.approx(0.95, abs=0.06)
    assert head in target.read_bytes()[:8]


def test_an_mp4_begins_with_its_index(tmp_path):
    source, target = write_counted(tmp_path / "a.mp4"), tmp_path / "b.mp4"
    encode_clip(Clip(source, 0.0, 1.0), target)
    data = target.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(
    ("max_height", "size"), [(48, (64, 48)), (33, (44, 32)), (500, (128, 96)), (None, (128, 96))]
)
def test_the_height_is_limited(tmp_path, max_height, size):
    source, target = video(tmp_path / "a.mp4", n=10), tmp_path / "b.mp4"
    encode_clip(Clip(source, 0.0, 1.0), target, max_height=max_height)
    with av.open(str(target)) as file:
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    assert {frame.shape[:2] for frame in frames} == {size[::-1]}
    assert [number_of(frame) for frame in frames] == list(range(10))


def test_the_length_is_limited(tmp_path):
    source, target = write_counted(tmp_path / "a.mp4", sound=True), tmp_path / "b.mp4"
    for end in (None, 2.9):
        encode_clip(Clip(source, 1.0, end), target, max_s=0.5)
        with av.open(str(target)) as file:
            assert file.streams.video[0].frames == 5
            assert file.duration / av.time_base == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("form", ["mp4", "webm"])
@pytest.mark.parametrize("height", [96, 720])
def test_colours_stay_and_are_tagged(tmp_path, form, height):
    source, target = (
        video(tmp_path / "a.mp4", *H264, "-crf", 5, n=3, width=128, height=height),
        tmp_path / "b",
    )
    encode_clip(Clip(source), target, form=form)
    with av.open(str(target)) as file:
        frame = next(file.decode(video=0))
        assert (int(frame.colorspace), int(frame.color_range)) == (1, 1)
        pixels = frame.to_ndarray(format="rgb24")
    np.testing.assert_allclose(field(pixels, 0.25), RED, atol=8)
    np.testing.assert_allclose(field(pixels, 0.75), BLUE, atol=8)


def test_what_is_refused(tmp_path):
    source = write_counted(tmp_path / "a.mp4")
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    for clip, code in (
        (Clip(tmp_path / "a.png"), "not_a_video"),
        (Clip(source, 9.0, 10.0), "clip_past_end"),
        (Clip(tmp_path / "none.mp4"), "media_not_found"),
    ):
        with pytest.raises(MediaError) as error:
            encode_clip(clip, tmp_path / "b.mp4")
        assert error.value.code == code
    with pytest.raises(UsageError) as wrong:
        encode_clip(Clip(source), tmp_path / "b.mp4", form="avi")
    assert wrong.value.code == "unknown_clip_form"
    assert not (tmp_path / "b.mp4").exists()
