"""The files of `videos/robustness` as their list says: frames, size with rotation, rotation, or an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.media.make import probe
from vlret.errors import MediaError
from vlret.media.open_media import open_media

pytestmark = pytest.mark.data
REASONS = {
    "files/empty.mp4": "empty file",
    "files/exo_sample_opus.mp4": "no video stream: audio only",
    "files/exo_invalid-bitstream.webm": "no frame can be decoded",
}
DAMAGED = "files/decord_corrupted.mp4"
CUT = "files/city_truncated.mpg"  # its last frame is cut and left out
SECOND_STREAM = {"files/nasa_13013.mp4": (390, 480, 270)}  # the list has the first, which is smaller


@pytest.fixture(scope="module")
def rows(data_dir: Path) -> list[dict[str, Any]]:
    lines = (data_dir / "videos" / "robustness" / "files.jsonl").read_text().splitlines()
    return [
        {**row, "path": data_dir / "videos" / "robustness" / row["file"]} for row in map(json.loads, lines)
    ]


def good(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if "error" not in row]


def test_files_that_cannot_be_read_say_why(rows: list[dict[str, Any]]):
    reasons = {}
    for row in rows:
        if "error" in row and row["file"] != DAMAGED:
            with pytest.raises(MediaError) as caught:
                probe(row["path"])
            reasons[row["file"]] = caught.value.message.partition(f"{row['file']}: ")[2].rstrip(".")
    assert reasons == REASONS


def test_frames_sizes_and_rotations(rows: list[dict[str, Any]]):
    found, listed = {}, {}
    for row in good(rows):
        turned = row["rotation"] % 180 == 90
        size = (row["height"], row["width"]) if turned else (row["width"], row["height"])
        shown = SECOND_STREAM.get(row["file"], (row["frames"] - (row["file"] == CUT), *size))
        listed[row["file"]] = (*shown, row["rotation"] % 360)
        with open_media(row["path"]) as media:
            info = media.info
            n_frames = len(list(media.every_frame((16, 16))))
            found[row["file"]] = (n_frames, info.width, info.height, info.rotation)
            assert (media.damaged_at is not None) == (row["file"] == CUT)
            assert info.n_frames in (n_frames + (row["file"] == CUT), None)
    assert len(listed) == 38
    assert found == listed


def test_the_damaged_file_keeps_what_is_good(rows: list[dict[str, Any]]):
    """The list counts 28 frames up to the error; one more stood finished in the decoder."""
    (row,) = [row for row in rows if row["file"] == DAMAGED]
    with open_media(row["path"]) as media:
        times = [time for time, _ in media.every_frame((16, 16))]
        assert media.damaged_at == pytest.approx(2.8)
    assert row["frames"] == 28
    assert len(times) == 29


def test_random_times_equal_sequential_decoding(rows: list[dict[str, Any]]):
    """Pixels to the last bit, with seeks and without."""
    rng = np.random.default_rng(7)
    for row in good(rows):
        with av.open(str(row["path"])) as container:
            stream = container.streams.video[-1 if row["file"] in SECOND_STREAM else 0]
            stamps = np.array([float(frame.pts * stream.time_base) for frame in container.decode(stream)])
        stamps = (stamps - stamps[0])[: -1 if row["file"] == CUT else None]
        times = np.sort(rng.uniform(0, stamps[-1] + 0.5, 6))
        with open_media(row["path"]) as media:
            every = list(media.every_frame((32, 32)))
            picked = list(media.frames_at(times, (32, 32)))
        np.testing.assert_allclose([time for time, _ in every], stamps, atol=1e-6, err_msg=row["file"])
        for time, (stamp, pixels) in zip(times, picked, strict=True):
            number = int(np.searchsorted(stamps, time, side="right")) - 1
            assert stamp == pytest.approx(stamps[number], abs=1e-6), row["file"]
            np.testing.assert_array_equal(pixels, every[number][1], err_msg=row["file"])
