"""When a file was recorded: as the clock at the place showed it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.media.make import picture, probe
from vlret.media.capture_time import video_taken

LOCAL = "2024-05-06T14:03:22"


def recorded(path: Path, metadata: dict[str, str], options: dict[str, str] | None = None) -> Path:
    """A video of three frames with this metadata in its container."""
    with av.open(str(path), "w", options=options or {}) as out:
        out.metadata.update(metadata)
        stream = out.add_stream("mpeg4", rate=5)
        stream.width, stream.height = 128, 96
        for number in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number), format="rgb24")))
        out.mux(stream.encode())
    return path


def photographed(path: Path, taken: str, **options: object) -> Path:
    """A photograph whose clock showed `taken`, five hours west of Greenwich."""
    image = Image.fromarray(np.zeros((8, 8, 3), np.uint8))
    exif = image.getexif()
    exif[0x0132] = "2025:01:01 00:00:00"  # when it was edited
    exif.get_ifd(0x8769).update({0x9003: taken, 0x9011: "-05:00"})
    image.save(path, exif=exif, **options)
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_the_container_knows_utc(tmp_path, suffix) -> None:
    path = recorded(tmp_path / f"a.{suffix}", {"creation_time": f"{LOCAL}.000000Z"})
    assert probe(path).taken == LOCAL


def test_quicktime_knows_the_clock_of_the_place(tmp_path) -> None:
    tags = {"com.apple.quicktime.creationdate": f"{LOCAL}+0200", "creation_time": "2024-05-06T12:03:22Z"}
    assert probe(recorded(tmp_path / "a.mov", tags, {"movflags": "use_metadata_tags"})).taken == LOCAL


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif"])
def test_a_photograph_knows_the_clock_of_the_place(tmp_path, suffix) -> None:
    assert probe(photographed(tmp_path / f"a.{suffix}", "2024:05:06 14:03:22")).taken == LOCAL


@pytest.mark.parametrize(
    "taken", ["0000:00:00 00:00:00", "    :  :     :  :  ", "", "yesterday", "1970:01:01 00:00:00"]
)
def test_a_clock_that_was_never_set_is_unknown(tmp_path, taken) -> None:
    assert probe(photographed(tmp_path / "a.jpg", taken)).taken is None


@pytest.mark.parametrize(
    ("container", "stream", "taken"),
    [
        ({}, {}, None),
        ({"creation_time": "1904-01-01T00:00:00.000000Z"}, {"creation_time": f"{LOCAL}Z"}, LOCAL),
        ({"creation_time": "not a time"}, {}, None),
        ({"creation_time": "99999-01-01T00:00:00Z"}, {}, None),
        ({"date": "2024"}, {}, None),
        ({"com.apple.quicktime.creationdate": "x", "creation_time": f"{LOCAL}Z"}, {}, LOCAL),
    ],
)
def test_the_first_time_that_can_be_is_taken(container, stream, taken) -> None:
    assert video_taken(container, stream) == taken


def test_files_without_metadata_have_no_time(tmp_path) -> None:
    assert probe(recorded(tmp_path / "a.mp4", {})).taken is None
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    assert probe(tmp_path / "a.jpg").taken is None
