from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.media.make import number_of
from tests.refusal import refused
from vlret.media.decode import read_clip
from vlret.media.sampling import sample_times
from vlret.types import Clip

Odd = Callable[[str], Path]


def test_midpoints():
    np.testing.assert_allclose(sample_times(10, 12, 4), [10.25, 10.75, 11.25, 11.75])
    assert sample_times(0, 1, 1).tolist() == [0.5]


@pytest.mark.parametrize(("n_source", "n"), [(100, 8), (40, 7), (17, 16), (5, 8), (30, 1)])
def test_endpoints_are_the_frames_of_the_perception_encoder_harness(n_source: int, n: int):
    rate = 29.97
    times = sample_times(0.0, n_source / rate, n, "endpoints", frame_s=1 / rate)
    frames = np.floor((times + 1e-6) * rate).astype(int)
    assert frames.tolist() == [int(i * (n_source - 1) / max(n - 1, 1)) for i in range(n)]


def test_both_rules_on_a_real_file(odd: Odd):
    def numbers(**options: str) -> list[int]:
        return [number_of(p) for p in read_clip(odd("constant.mp4"), 4, **options).pixels]

    assert numbers() == [5, 15, 25, 35]
    assert numbers(sampling="endpoints") == [0, 13, 26, 39]


def test_bad_arguments():
    with refused("unknown_sampling"):
        sample_times(0, 1, 4, "random")
    with refused("not_a_count"):
        sample_times(0, 1, 0)
    with refused("invalid_span"):
        sample_times(1, 1, 4)


def test_read_clip_takes_paths_clips_and_images(odd: Odd):
    path = odd("constant.mp4")
    assert [number_of(p) for p in read_clip(Clip(path, 1.0, 2.0), 2).pixels] == [12, 17]
    assert [number_of(p) for p in read_clip(Clip(path, 3.0), 2).pixels] == [32, 37]
    assert len(read_clip(str(path), 3, size=(8, 8)).pixels) == 3
    assert len(read_clip(odd("exif.jpg"), 8)) == 1


def test_a_clip_past_the_end_is_reported(odd: Odd):

    with refused("clip_past_end"):
        read_clip(Clip(odd("constant.mp4"), 5.0, 6.0), 4)
