from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.index.stand_in import CircleEmbedder, clip_decoded
from vlret.index.encoder_threads import EncoderThreads, Shares, shares_of
from vlret.media.pool import ClipDecoded, DecodeJob
from vlret.models import device

A, B = (DecodeJob(Path(name), "auto", 2) for name in ("a.mp4", "b.mp4"))


class ManyThreads(CircleEmbedder):
    encodes_in_threads = True


def numbers(clips: Sequence[ClipDecoded]) -> np.ndarray:
    return np.array([[clip.frames.pixels[0, 0, 0, 0]] for clip in clips], np.float32)


def no_load() -> None:
    return None


@pytest.mark.parametrize(
    ("n_threads", "n_decoders", "one", "many"),
    [
        (1, 1, Shares(1, 1, 6), Shares(1, 1, 6)),
        (2, 1, Shares(1, 1, 6), Shares(2, 1, 4)),
        (8, 3, Shares(1, 5, 6), Shares(3, 2, 2)),
    ],
)
def test_shares_of_the_cores(n_threads, n_decoders, one, many, monkeypatch) -> None:
    monkeypatch.setattr("vlret.index.encoder_threads.n_threads", lambda: n_threads)
    assert shares_of(CircleEmbedder(batch_size=3), n_decoders) == one
    assert shares_of(ManyThreads(batch_size=3), n_decoders) == many


def test_clips_that_wait_become_full_batches_in_their_order() -> None:
    go = threading.Event()

    def encode(clips: Sequence[ClipDecoded]) -> np.ndarray:
        assert go.wait(10)
        return numbers(clips)

    with EncoderThreads(no_load, encode, Shares(1, 1, 6)) as threads:
        threads.add(clip_decoded(A, 0, 0))
        while threads._waiting:  # until it is being encoded
            pass
        for number in (1, 2, 3):
            threads.add(clip_decoded(B, number, number))
        assert list(threads.finished()) == []
        go.set()
        batches = list(threads.finished(wait=True))
    assert [vectors.ravel().tolist() for _, vectors in batches] == [[0], [1, 2, 3]]


def test_batches_are_encoded_at_once_in_one_thread_each() -> None:
    both = threading.Barrier(2)
    seen = set()

    def encode(clips: Sequence[ClipDecoded]) -> np.ndarray:
        both.wait(10)
        seen.add(torch.get_num_threads())
        return numbers(clips)

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with EncoderThreads(no_load, encode, Shares(2, 1, 2)) as threads:
            for number in range(4):
                threads.add(clip_decoded(A, number, number))
            batches = list(threads.finished(wait=True))
        threads._threads.shutdown()
        assert seen == {1}
        assert sorted(vectors.item() for _, vectors in batches) == [0, 1, 2, 3]
        assert in_a_thread(torch.get_num_threads) == torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def in_a_thread(call):
    found = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


def test_adding_waits_for_room() -> None:
    go, added = threading.Event(), []

    def encode(clips: Sequence[ClipDecoded]) -> np.ndarray:
        assert go.wait(10)
        return numbers(clips)

    def add() -> None:
        for number in range(3):
            threads.add(clip_decoded(A, number, number))
            added.append(number)

    with EncoderThreads(no_load, encode, Shares(1, 1, 2)) as threads:
        thread = threading.Thread(target=add)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        assert added == [0, 1]
        go.set()
        thread.join(10)
        assert added == [0, 1, 2]


def test_the_clips_of_a_dropped_file_are_not_encoded() -> None:
    go = threading.Event()
    with EncoderThreads(lambda: go.wait(10), numbers, Shares(1, 1, 8)) as threads:
        for job, number in ((A, 0), (B, 1), (A, 2)):
            threads.add(clip_decoded(job, number, number))
        threads.drop(A)
        go.set()
        ((clips, vectors),) = threads.finished(wait=True)
    assert [clip.job for clip in clips] == [B]
    assert vectors.tolist() == [[1.0]]


@pytest.mark.parametrize("place", ["load", "encode"])
def test_an_error_is_raised_and_nobody_waits(place: str) -> None:
    def fail(*_: object) -> None:
        raise MemoryError(place)

    load, encode = (fail, numbers) if place == "load" else (no_load, fail)
    with EncoderThreads(load, encode, Shares(1, 1, 2)) as threads:
        for number in range(9):  # more than there is room for
            threads.add(clip_decoded(A, number, number))
        with pytest.raises(MemoryError, match=place):
            list(threads.finished(wait=True))


def test_overlapping_blocks_leave_the_number_of_threads_as_it_was() -> None:
    before, inside, leave = torch.get_num_threads(), threading.Event(), threading.Event()

    def other() -> None:
        with device.torch_threads(1):
            inside.set()
            assert leave.wait(10)

    thread = threading.Thread(target=other)
    torch.set_num_threads(3)
    try:
        with device.torch_threads(2):
            thread.start()
            assert inside.wait(10)
            assert torch.get_num_threads() == 2
        leave.set()
        thread.join()
        assert in_a_thread(torch.get_num_threads) == torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
