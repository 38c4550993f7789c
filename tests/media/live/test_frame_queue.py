from __future__ import annotations

import threading

import numpy as np

from tests.refusal import refused
from vlret.errors import MediaError
from vlret.media.live.frame_queue import FrameQueue, LiveFrame


def frame(time_s: float) -> LiveFrame:
    return LiveFrame(time_s, np.zeros((1, 1, 3), np.uint8))


def times(queue: FrameQueue, size: int = 8) -> list[list[float]]:
    return [[frame.time_s for frame in batch] for batch in queue.batches(size)]


def test_frames_leave_in_order_as_many_as_wait():
    queue = FrameQueue(10)
    for time_s in range(5):
        queue.put(frame(time_s), drop=False)
    queue.close()
    assert times(queue, size=3) == [[0, 1, 2], [3, 4]]


def test_the_oldest_are_dropped_and_counted():
    queue = FrameQueue(3)
    for time_s in range(7):
        queue.put(frame(time_s), drop=True)
    queue.close()
    assert times(queue) == [[4, 5, 6]]
    assert queue.n_dropped == 4


def test_without_dropping_a_full_queue_waits():
    queue = FrameQueue(2)

    def write() -> None:
        for time_s in range(9):
            queue.put(frame(time_s), drop=False)
        queue.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert times(queue, 1) == [[time_s] for time_s in range(9)]
    writer.join()
    assert queue.n_dropped == 0


def test_closing_frees_a_waiting_writer_and_takes_no_more():
    queue = FrameQueue(1)
    queue.put(frame(0), drop=False)
    writer = threading.Thread(target=queue.put, args=[frame(1), False])
    writer.start()
    queue.close()
    writer.join(10)
    assert not writer.is_alive()
    assert times(queue) == [[0]]
    assert queue.n_dropped == 0


def test_an_error_comes_after_the_frames_that_wait():
    queue = FrameQueue(4)
    queue.put(frame(0), drop=False)
    queue.close(MediaError("lost", code="stream_lost"))
    batches = queue.batches(8)
    assert [f.time_s for f in next(batches)] == [0]
    with refused("stream_lost"):
        next(batches)


def test_a_reader_waits_for_the_first_frame():
    queue = FrameQueue(4)
    timer = threading.Timer(0.1, lambda: (queue.put(frame(3), drop=True), queue.close()))
    timer.start()
    assert times(queue) == [[3]]
