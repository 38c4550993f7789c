"""Frames that clips share are encoded once, and told apart by file and time stamp."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from vlret.index.frame_tokens import FrameTokens
from vlret.media.pool import ClipDecoded, DecodeJob
from vlret.types import Clip, Frames

A, B = (DecodeJob(Path(name), "whole", 2) for name in ("a.mp4", "b.mp4"))


class Numbers:
    """The tokens of a frame are its number, twice."""

    batch_size = 1

    def __init__(self) -> None:
        self.calls: list[list[int]] = []

    def encode_pixels(self, clips):
        self.calls.append([int(frame[0, 0, 0]) for clip in clips for frame in clip])
        return [np.array([[frame[0, 0, 0]]] * 2, np.float32) for clip in clips for frame in clip]


def clip(job: DecodeJob, *numbers: int) -> ClipDecoded:
    """Frame number n is shown at n / 10 s."""
    pixels = np.array(numbers, np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    return ClipDecoded(job, Clip(job.path, 0, 1), Frames(pixels, np.array(numbers) / 10))


def encoded(tokens: FrameTokens, *clips: ClipDecoded) -> list[list[float]]:
    return [rows[::2, 0].tolist() for rows in tokens.encode(clips)]


def test_a_frame_is_encoded_once_in_a_batch_and_in_the_next() -> None:
    model = Numbers()
    tokens = FrameTokens(model)
    assert encoded(tokens, clip(A, 1, 2, 3), clip(A, 2, 3, 4)) == [[1, 2, 3], [2, 3, 4]]
    assert encoded(tokens, clip(A, 3, 4, 5)) == [[3, 4, 5]]
    assert model.calls == [[1, 2, 3, 4], [5]]


def test_a_frame_that_a_clip_shows_for_long_is_encoded_once() -> None:
    model = Numbers()
    assert encoded(FrameTokens(model), clip(A, 7, 7, 7, 8)) == [[7, 7, 7, 8]]
    assert model.calls == [[7, 8]]


def test_frames_of_two_files_are_not_mixed_up() -> None:
    model = Numbers()
    encoded(FrameTokens(model), clip(A, 1), clip(B, 1))
    assert model.calls == [[1, 1]]


def test_what_the_last_clips_did_not_show_is_forgotten() -> None:
    model = Numbers()
    tokens = FrameTokens(model)
    for numbers in ((1, 2), (2, 3), (3, 4), (1, 2)):
        encoded(tokens, clip(A, *numbers))
    assert model.calls == [[1, 2], [3], [4], [1]]


def test_threads_wait_for_the_frames_that_another_encodes() -> None:
    inside, go = threading.Event(), threading.Event()

    class Slow(Numbers):
        def encode_pixels(self, clips):
            if not inside.is_set():
                inside.set()
                assert go.wait(10)
            return super().encode_pixels(clips)

    model, found = Slow(), []
    tokens = FrameTokens(model)
    first = threading.Thread(target=lambda: found.append(encoded(tokens, clip(A, 1, 2))))
    second = threading.Thread(target=lambda: found.append(encoded(tokens, clip(A, 2, 3))))
    first.start()
    assert inside.wait(10)
    second.start()
    second.join(0.2)
    assert found == []
    go.set()
    first.join(10)
    second.join(10)
    assert sorted(found) == [[[1, 2]], [[2, 3]]]
    assert sorted(model.calls) == [[1, 2], [3]]


def test_an_error_reaches_all_who_wait_for_the_frame() -> None:
    class Failing(Numbers):
        def encode_pixels(self, clips):
            if clips:
                raise MemoryError
            return []

    tokens = FrameTokens(Failing())
    for _ in range(2):  # the second finds the frame of the first
        with pytest.raises(MemoryError):
            encoded(tokens, clip(A, 1))


def test_a_batch_may_have_no_new_frames() -> None:
    tokens = FrameTokens(Numbers())
    encoded(tokens, clip(A, 1, 2))
    assert encoded(tokens, clip(A, 2, 2)) == [[2, 2]]
