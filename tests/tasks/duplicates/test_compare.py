"""What counts as the same footage: motion and picture agree in several seconds that cover the shorter file."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tasks.duplicates.moving import pictures, signature
from vlret.tasks.duplicates.compare import Match, compare

BLACK = np.zeros((40, 64, 64, 3), np.uint8)


def test_a_file_matches_itself_from_start_to_end() -> None:
    a = signature(pictures(1, 10))
    assert compare(a, a) == Match(0, 10, 0, 10, False)


def test_a_trimmed_copy_is_found_at_its_place() -> None:
    frames = pictures(1, 20)
    part = frames[4 * 8 + 3 : 12 * 8 + 3]
    assert compare(signature(frames), signature(part)) == Match(4.375, 12.375, 0, 8, False)
    assert compare(signature(part), signature(frames)) == Match(0, 8, 4.375, 12.375, False)


def test_shifts_limit_where_a_copy_is_looked_for() -> None:
    frames = pictures(1, 20)
    whole, part = signature(frames), signature(frames[32:96])
    assert compare(whole, part, (-5, -3)) == Match(4, 12, 0, 8, False)
    assert compare(whole, part, (-3, 0)) is None


def test_a_mirrored_and_brighter_copy_is_found() -> None:
    frames = pictures(2, 8)
    copy = (30 + 0.7 * frames[:, :, ::-1]).astype(np.uint8)
    assert compare(signature(frames), signature(copy)) == Match(0, 8, 0, 8, True)


def test_two_recordings_of_one_camera_are_different() -> None:
    for seed in range(10, 40, 2):
        assert compare(signature(pictures(1, 12)), signature(pictures(seed, 12))) is None


def test_the_same_motion_before_another_picture_is_different() -> None:
    assert compare(signature(pictures(1, 10)), signature(pictures(1, 10, background=3) // 3)) is None


@pytest.mark.parametrize("start", [BLACK, pictures(7, 5, background=5)])
def test_a_common_start_makes_no_copies(start: np.ndarray) -> None:
    """Black frames, or the same intro of 5 s before 10 s of their own."""
    a, b = (np.concatenate([start, pictures(seed, 10, background=seed)]) for seed in (1, 2))
    assert compare(signature(a), signature(b)) is None


def test_a_copy_with_an_intro_of_its_own_is_found() -> None:
    frames = pictures(1, 10)
    longer = np.concatenate([pictures(7, 5, background=5), frames])
    assert compare(signature(longer), signature(frames)) == Match(5, 15, 0, 10, False)


def test_still_pictures_are_no_evidence() -> None:
    still = signature(np.repeat(pictures(1, 1)[:1], 80, axis=0))
    assert compare(still, still) is None
    assert compare(signature(BLACK), signature(BLACK)) is None


def test_too_short_a_file_has_no_copies() -> None:
    short = signature(pictures(1, 2))
    assert compare(short, short) is None
    assert compare(short[:0], signature(pictures(1, 10))) is None


def test_images_match_by_their_picture_alone() -> None:
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 32)).astype(np.float32)
    assert compare(image, 20 + 0.8 * image) == Match(0, 0, 0, 0, False)
    assert compare(image, image[:, :, ::-1]) == Match(0, 0, 0, 0, True)
    assert compare(image, image + np.random.default_rng(1).normal(0, 12, image.shape)) is None
    assert compare(image, signature(pictures(1, 10))) is None
