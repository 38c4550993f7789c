"""Rendered videos of numbered clips: the right frame at each time, and mixtures only inside a fade."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.selective.clips import SourceClip
from benchmarks.selective.plan import Event, Piece
from benchmarks.selective.render import RATE_HZ, SIZE, frames, render
from tests.media.make import number_of, picture, sequential, video


@pytest.fixture
def events(tmp_path: Path) -> list[Event]:
    """Seconds 2 to 4 of a clip, then seconds 0 to 2; then another clip at half speed; 4 s each."""
    one, other = (SourceClip("set", video(tmp_path / f"{i}.mp4"), 4.0, ("text",), False) for i in range(2))
    swapped = Piece(one, 0.0, 2.0, 2.0, 1.0), Piece(one, 2.0, 4.0, 0.0, 1.0)
    return [Event(one, swapped), Event(other, (Piece(other, 4.0, 8.0, 1.0, 0.5),))]


def test_hard_cuts(events: list[Event]) -> None:
    numbers = [number_of(pixels) for pixels in frames(events, 0.0)]
    assert numbers == [*range(20, 40), *range(20), *(10 + i // 2 for i in range(40))]


def test_cross_fades(events: list[Event]) -> None:
    cuts, fades = list(frames(events, 0.0)), list(frames(events, 2.0))
    unmixed = [i for i, (a, b) in enumerate(zip(cuts, fades, strict=True)) if np.array_equal(a, b)]
    inside = {*range(11, 30), *range(31, 50)}  # less than one second from the joins at 2 and 4 s
    assert set(range(80)) - set(unmixed) == inside
    # half way, 20 frames in: frame 0 of the second piece and, beyond the end of the clip, frame 39 of the first
    expected = (cuts[20].astype(float) + cuts[19]) / 2
    assert np.abs(fades[20] - expected).max() <= 1
    assert np.abs(fades[15].astype(float) - (0.75 * cuts[15] + 0.25 * cuts[20])).max() <= 1


def test_a_file_has_these_frames_and_times(events: list[Event], tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    render(events, path, 0.0)
    expected = [number_of(pixels) for pixels in frames(events, 0.0)]
    assert sequential(path) == [(pytest.approx(i / RATE_HZ), n) for i, n in enumerate(expected)]
    again = tmp_path / "again.mp4"
    render(events, again, 0.0)
    assert again.read_bytes() == path.read_bytes()


def test_frames_have_one_size(events: list[Event]) -> None:
    assert next(frames(events, 0.0)).shape == (SIZE[1], SIZE[0], 3)
    assert picture(0).shape != (SIZE[1], SIZE[0], 3)
