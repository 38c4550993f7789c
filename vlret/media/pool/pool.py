"""`DecodePool`: child processes that decode files and can be killed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from types import TracebackType
from typing import Self

from vlret.errors import UsageError
from vlret.media.local_copy import local_copy
from vlret.media.pool.child_process import Child, ChildDied
from vlret.media.pool.events import ClipDecoded, DecodeJob, Event, FileDone, FileFailed, event_of
from vlret.media.unreadable_error import UnreadableError

QUEUE_BYTES = 64 << 20
"""Size of the queue of decoded pixels: what is decoded while a model loads."""


class DecodePool:
    """`workers` child processes that decode files; use it as a context manager.

    Args:
        workers: files decoded at once, each on one thread.
        limit_s: a child that sends nothing for this long while it decodes is killed. A child that makes
            progress reports every second, so a long file is not taken for a hung one.
        memory_bytes: memory limit of a child, not counting libraries that are only mapped (where the system
            supports it). A small file may take less, see `limits.worker_limit_bytes`.

    Raises:
        UsageError: fewer than 1 worker.
    """

    def __init__(self, workers: int = 1, limit_s: float = 60.0, memory_bytes: int = 4 << 30) -> None:
        if workers < 1:
            raise UsageError(
                f"{workers} decoding workers were requested.",
                "Give 1 or more.",
                code="not_a_count",
                given=workers,
            )
        self._limit_s, self._memory_bytes = limit_s, memory_bytes
        self._children: list[Child | None] = [None] * workers
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the children now, so that they are ready for the first job."""
        with self._lock:
            for slot, child in enumerate(self._children):
                self._children[slot] = child or Child(self._memory_bytes)

    @property
    def pids(self) -> list[int]:
        """Process ids of the running children."""
        return [child.pid for child in self._children if child is not None]

    def close(self) -> None:
        """Kill the children at once."""
        with self._lock:
            for slot in range(len(self._children)):
                self._end_child(slot)

    def run(self, jobs: Iterable[DecodeJob]) -> Iterator[Event]:
        """Decode `jobs`; yield each file's `ClipDecoded` in order, then one `FileDone` or `FileFailed`.

        Files interleave if there are several workers. Decoding runs ahead of the consumer by QUEUE_BYTES of
        pixels, or by one clip.

        Raises:
            MissingExtraError: the clip rule or decoder needs a package that is not installed.
            VlretError: no process can be started.
        """
        run = _Run(iter(jobs), len(self._children))
        threads = [threading.Thread(target=self._drive, args=[slot, run], daemon=True)
                   for slot in range(len(self._children))]  # fmt: skip
        for thread in threads:
            thread.start()
        try:
            yield from run.events()
        finally:
            if run.n_active:
                run.stop()
                self.close()
            for thread in threads:
                thread.join()

    def _drive(self, slot: int, run: _Run) -> None:
        try:
            while (job := run.next_job()) is not None:
                self._decode(slot, job, run)
        except BaseException as error:  # noqa: BLE001 - raised in the consumer's thread
            run.put(error)
        finally:
            run.put(None)

    def _decode(self, slot: int, job: DecodeJob, run: _Run) -> None:
        try:
            child = self._child(slot, run)
            with local_copy(job.path, run.stopped.is_set) as path:
                child.send({"kind": "clips", **asdict(job), "path": str(path.absolute())})
                finished = False
                while not finished:
                    event = event_of(job, child.receive(self._limit_s))
                    if event is not None:
                        run.put(event)
                    finished = isinstance(event, (FileDone, FileFailed))
        except UnreadableError as error:  # it could not be fetched
            run.put(FileFailed(job, error.reason, retry=True))
        except ChildDied as death:
            with self._lock:
                self._end_child(slot)
            run.put(FileFailed(job, str(death), death.retry))

    def _child(self, slot: int, run: _Run) -> Child:
        with self._lock:
            if run.stopped.is_set():
                raise ChildDied("stopped")
            child = self._children[slot]
            if child is None or not child.is_running:
                self._end_child(slot)
                self._children[slot] = child = Child(self._memory_bytes)
            return child

    def _end_child(self, slot: int) -> None:
        child, self._children[slot] = self._children[slot], None
        if child is not None:
            child.kill()


class _Run:
    """What the threads of one `DecodePool.run` share: the jobs, and a queue of events bounded in bytes."""

    def __init__(self, jobs: Iterator[DecodeJob], workers: int) -> None:
        self._jobs, self._lock = jobs, threading.Lock()
        self._queue: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()
        self._room, self._n_bytes = threading.Condition(), 0
        self.n_active = workers
        self.stopped = threading.Event()

    def next_job(self) -> DecodeJob | None:
        """Return the next job, None if there is none or the run was stopped."""
        with self._lock:
            return None if self.stopped.is_set() else next(self._jobs, None)

    def put(self, item: Event | BaseException | None) -> None:
        """Queue `item` for the consumer; block while QUEUE_BYTES of pixels are in the queue."""
        size = _n_bytes(item)
        with self._room:
            self._room.wait_for(
                lambda: self.stopped.is_set() or self._n_bytes + size <= max(size, QUEUE_BYTES)
            )
            self._n_bytes += size
        self._queue.put(item)

    def stop(self) -> None:
        """Unblock all threads and start no further jobs."""
        with self._room:
            self.stopped.set()
            self._room.notify_all()

    def events(self) -> Iterator[Event]:
        """Yield events until every thread has put None."""
        while self.n_active:
            item = self._queue.get()
            with self._room:
                self._n_bytes -= _n_bytes(item)
                self._room.notify_all()
            if item is None:
                self.n_active -= 1
            elif isinstance(item, BaseException):
                raise item
            else:
                yield item


def _n_bytes(item: object) -> int:
    return item.frames.pixels.nbytes if isinstance(item, ClipDecoded) else 0
