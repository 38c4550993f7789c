"""Decoding in child processes that can be killed: a file that breaks a decoder costs itself only."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import numpy as np

from vlret.errors import MissingExtraError, UsageError
from vlret.media.child import Child, ChildDied
from vlret.media.clips import check_rule
from vlret.media.decode import check_size, frames_by
from vlret.media.info import MediaInfo
from vlret.media.sampling import sample_times
from vlret.types import Clip, Frames, Pixels


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """One file to decode: the clip rule, frames per clip, and what `read_clip` takes.

    Raises:
        UsageError: when made with an unknown rule, sampling or decoder, or a bad size.
    """

    path: Path
    clips: str
    n_frames: int
    sampling: str = "midpoint"
    decoder: str = "auto"
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        check_rule(self.clips)
        check_size(self.size)
        frames_by(self.decoder)
        sample_times(0.0, 1.0, self.n_frames, self.sampling)


@dataclass(frozen=True, slots=True)
class ClipDecoded:
    """The frames of one clip."""

    job: DecodeJob
    clip: Clip
    frames: Frames


@dataclass(frozen=True, slots=True)
class FileDone:
    """All `n_clips` clips of a file have come; `warning` tells of damage, such as "damaged after 3.2 s"."""

    job: DecodeJob
    info: MediaInfo
    n_clips: int
    warning: str | None


@dataclass(frozen=True, slots=True)
class FileFailed:
    """A file could not be decoded. Clips of it that came before must be discarded.

    `retry`: the file may be good, its process was ended from outside.
    """

    job: DecodeJob
    reason: str
    retry: bool = False


Event = ClipDecoded | FileDone | FileFailed


QUEUE_BYTES = 64 << 20
"""Pixels that may wait for the consumer: what is decoded while a model loads."""


class DecodePool:
    """`workers` child processes that decode files; use it as a context manager.

    Args:
        workers: files decoded at once, each on one thread.
        limit_s: a child from which nothing is heard for so long, while we wait for it, is killed. A child
            that makes progress reports every second, so a long file is not a hanging one.
        memory_bytes: most memory of a child, libraries that are only mapped not counted (where the system
            can limit it). A small file may take less, see `limits.worker_limit_bytes`.
    """

    def __init__(self, workers: int = 1, limit_s: float = 60.0, memory_bytes: int = 4 << 30) -> None:
        if workers < 1:
            raise UsageError(f"{workers} decoding workers were asked for.", "Give 1 or more.")
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
        """Start the children now, so that they are ready when the first job comes."""
        with self._lock:
            for slot, child in enumerate(self._children):
                self._children[slot] = child or Child(self._memory_bytes)

    @property
    def pids(self) -> list[int]:
        """Process numbers of the children that run now."""
        return [child.pid for child in self._children if child is not None]

    def close(self) -> None:
        """Kill the children at once."""
        with self._lock:
            for slot in range(len(self._children)):
                self._end_child(slot)

    def run(self, jobs: Iterable[DecodeJob]) -> Iterator[Event]:
        """Decode `jobs`: for each file its `ClipDecoded` in order, then one `FileDone` or `FileFailed`.

        Files may interleave when there are several workers. Decoding runs ahead of the consumer by
        QUEUE_BYTES of pixels, or one clip, and waits there.

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
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, who is in another thread
            run.put(error)
        finally:
            run.put(None)

    def _decode(self, slot: int, job: DecodeJob, run: _Run) -> None:
        try:
            child = self._child(slot, run)
            child.send({"kind": "clips", **asdict(job), "path": str(job.path.absolute())})
            finished = False
            while not finished:
                header, pixels = child.receive(self._limit_s)
                event = _EVENTS[header["kind"]](job, header, pixels)
                if event is not None:
                    run.put(event)
                finished = isinstance(event, (FileDone, FileFailed))
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
        """The next job, None when there is none or the run was stopped."""
        with self._lock:
            return None if self.stopped.is_set() else next(self._jobs, None)

    def put(self, item: Event | BaseException | None) -> None:
        """Hand `item` to the consumer; waits while QUEUE_BYTES of pixels are waiting for it."""
        size = _n_bytes(item)
        with self._room:
            self._room.wait_for(
                lambda: self.stopped.is_set() or self._n_bytes + size <= max(size, QUEUE_BYTES)
            )
            self._n_bytes += size
        self._queue.put(item)

    def stop(self) -> None:
        """Let no thread wait or begin another job."""
        with self._room:
            self.stopped.set()
            self._room.notify_all()

    def events(self) -> Iterator[Event]:
        """Events until every thread has said None."""
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


def _clip(job: DecodeJob, header: dict[str, Any], pixels: Pixels | None) -> Event:
    frames = Frames(cast(Pixels, pixels), np.asarray(header["times"], np.float64))
    return ClipDecoded(job, Clip(job.path, header["start"], header["end"]), frames)


def _done(job: DecodeJob, header: dict[str, Any], pixels: Pixels | None) -> Event:
    return FileDone(job, MediaInfo(**header["info"]), header["n_clips"], header["warning"])


def _failed(job: DecodeJob, header: dict[str, Any], pixels: Pixels | None) -> Event:
    return FileFailed(job, header["reason"])


def _alive(job: DecodeJob, header: dict[str, Any], pixels: Pixels | None) -> None:
    return None


def _missing(job: DecodeJob, header: dict[str, Any], pixels: Pixels | None) -> None:
    raise MissingExtraError(header["message"], header["hint"])


_EVENTS: dict[str, Callable[[DecodeJob, dict[str, Any], Pixels | None], Event | None]] = {
    "clip": _clip, "done": _done, "failed": _failed, "alive": _alive, "missing": _missing,
}  # fmt: skip
