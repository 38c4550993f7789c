"""The table of docs/media.md: every odd file gives what its row says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.media.make import number_of, probe, sequential
from tests.media.odd import MAKERS
from vlret.errors import MediaError
from vlret.media.decode import decode
from vlret.media.open_media import open_media

_PAGE = Path(__file__).parents[2] / "docs" / "media.md"
_TABLE = _PAGE.read_text().partition("| file | what is odd |")[2].splitlines()[2:]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in _TABLE if line.startswith("|")]
SHOWN = [row for row in ROWS if row[2]]
REFUSED = [row for row in ROWS if not row[2]]
# Plain PyAV stops at damage, knows no clock that jumps, does not mirror, and sees no images.
ORACLE = [row[0] for row in SHOWN if not row[0].endswith(("png", "jpg", "webp", "heic", "avif", "tif"))]
WITHOUT_ORACLE = {
    "damaged.mp4", "truncated.mp4", "truncated.mpg", "joined.ts", "resized.ts", "raw.h264", "raw_b_frames.264",
    "mirrored.mp4", "mirrored_turned.mp4", "lost.mkv", "two_streams.mkv",
}  # fmt: skip

Odd = Callable[[str], Path]


def test_the_page_and_the_makers_name_the_same_files():
    assert [row[0] for row in ROWS] == list(MAKERS)


@pytest.mark.parametrize("row", SHOWN, ids=lambda row: row[0])
def test_shown(row: list[str], odd: Odd):
    name, _, n_frames, size, shown, _ = row
    time, number = shown.split(" s: ")
    info = probe(odd(name))
    assert f"{info.width} x {info.height}" == size
    frames = decode(odd(name), [float(time)])
    assert frames.pixels.shape[1:] == (info.height, info.width, 3)
    assert number_of(frames.pixels[0]) == int(number)
    with open_media(odd(name)) as media:
        assert len(list(media.every_frame((8, 8)))) == int(n_frames)


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row[0])
def test_refused(row: list[str], odd: Odd):
    path = odd(row[0])
    with pytest.raises(MediaError) as caught:
        decode(path, [0.0])
    assert caught.value.message == f"{path}: {row[5]}."
    assert caught.value.hint


@pytest.mark.parametrize("name", [name for name in ORACLE if name not in WITHOUT_ORACLE])
def test_equals_sequential_decoding(name: str, odd: Odd):
    """At every stamp, between stamps, in random order; each alone too, so that every seek is tried."""
    true = sequential(odd(name))
    stamps = np.array([time for time, _ in true])
    ends = np.append(stamps[1:], stamps[-1] + 1)
    times = np.concatenate([stamps, (stamps + ends) / 2, [stamps[-1] + 100]])
    rows = [*range(len(true)), *range(len(true)), len(true) - 1]
    shuffled = np.random.default_rng(0).permutation(len(times))
    frames = decode(odd(name), times[shuffled])
    assert [number_of(pixels) for pixels in frames.pixels] == [true[rows[i]][1] for i in shuffled]
    np.testing.assert_allclose(frames.times, stamps[np.array(rows)[shuffled]], atol=1e-9)
    for i in range(len(true) - 1, 0, -7):
        assert number_of(decode(odd(name), [times[i]]).pixels[0]) == true[i][1]


@pytest.mark.parametrize("name", ["raw.h264", "raw_b_frames.264", "joined.ts", "resized.ts"])
def test_a_clock_that_is_missing_or_jumps_is_replaced_by_the_rate(name: str, odd: Odd):
    frames = decode(odd(name), np.arange(40) / 10)
    np.testing.assert_allclose(frames.times, np.arange(40) / 10, atol=1e-6)
    expected = [n % 20 if name.endswith(".ts") else n for n in range(40)]
    assert [number_of(pixels) for pixels in frames.pixels] == expected


DURATIONS = [
    ("long_promise.mkv", 4.0), ("no_duration.webm", 4.0), ("late_start.mkv", 4.0), ("joined.ts", 4.0),
    ("raw.h264", 4.0), ("truncated.mp4", 2.4), ("edit_list.mp4", 2.7),
]  # fmt: skip


@pytest.mark.parametrize(("name", "duration"), DURATIONS)
def test_duration_is_measured(name: str, duration: float, odd: Odd):
    assert probe(odd(name)).duration == pytest.approx(duration, abs=1e-6)


def test_damage_keeps_the_good_frames_and_is_reported(odd: Odd):
    with open_media(odd("damaged.mp4")) as media:
        numbers = [number_of(pixels) for _, pixels in media.every_frame(None)]
        assert numbers == [*range(23), *range(30, 40)]
        assert media.damaged_at == pytest.approx(2.2)
    # Within the hole the last good frame stays, however the hole is reached.
    assert number_of(decode(odd("damaged.mp4"), [2.75]).pixels[0]) == 22
    assert number_of(decode(odd("damaged.mp4"), [3.05]).pixels[0]) == 30
