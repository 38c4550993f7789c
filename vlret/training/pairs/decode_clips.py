"""Frames of clips, decoded in child processes that can be killed."""

from __future__ import annotations

import math
import os
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from vlret.files import unwritable
from vlret.media.clips import span_rule
from vlret.media.frame_size import Size
from vlret.media.pool import ClipDecoded, DecodeJob, DecodePool, Event, FileFailed
from vlret.media.sources.suffixes import MEDIA_SUFFIXES
from vlret.storage import file_system, is_url
from vlret.training.pairs.clip_media import ClipMedia
from vlret.training.pairs.skipped import SkippedError
from vlret.types import Pixels

MOST_BYTES = 1 << 30
"""Larger files are not fetched from an address."""
MISSING, UNREACHABLE, TOO_LARGE = "does not exist", "cannot be fetched", "larger than 1 GiB"
DAMAGED, UNDECODABLE, NO_FRAMES = "not as long as its tar says", "cannot be decoded", "has no frames"


class ClipDecoder:
    """Decodes clips, in each thread that asks with a process of its own; `close` ends them."""

    def __init__(self, n_frames: int, size: Size | None) -> None:
        self._n_frames, self._size = n_frames, size
        self._own = threading.local()
        self._pools: list[DecodePool] = []
        self._closed = threading.Event()

    def read(self, media: ClipMedia) -> Pixels:
        """Return frames uint8 [t, height, width, 3] at the midpoints of as many segments; an image gives one.

        Raises:
            SkippedError: it cannot be read.
            MissingExtraError: its address needs a package that is not installed.
        """
        with on_disk(media) as path:
            return self._decoded(path, media)

    def close(self) -> None:
        """End the processes at once; decoding that goes on in other threads fails."""
        self._closed.set()
        for pool in self._pools:
            pool.close()

    def _decoded(self, path: Path, media: ClipMedia) -> Pixels:
        rule = span_rule(media.start, None if media.end == math.inf else media.end)
        job = DecodeJob(path, rule, self._n_frames, size=self._size)
        events = self._events(job)
        if any(isinstance(event, FileFailed) and event.retry for event in events):
            events = self._events(job)  # a process that was killed from outside
        if self._closed.is_set():
            raise CancelledError
        failed = [event.reason for event in events if isinstance(event, FileFailed)]
        if failed:
            raise SkippedError(UNDECODABLE, failed[0])
        for event in events:
            if isinstance(event, ClipDecoded) and len(event.frames.pixels):
                return event.frames.pixels
        raise SkippedError(NO_FRAMES)

    def _events(self, job: DecodeJob) -> list[Event]:
        if self._closed.is_set():
            raise CancelledError
        if not hasattr(self._own, "pool"):
            self._own.pool = DecodePool()
            self._pools.append(self._own.pool)
        return list(self._own.pool.run([job]))


@contextmanager
def on_disk(media: ClipMedia) -> Iterator[Path]:
    """Give the path of a media file on this machine: its own, or that of a temporary copy with a name of ours.

    Raises:
        SkippedError: it does not exist or cannot be fetched.
    """
    if media.offset < 0 and not is_url(media.location):
        if not os.path.isfile(media.location):
            raise SkippedError(MISSING)
        yield Path(media.location)
        return
    data = fetched(media)
    suffix = PurePosixPath(media.name).suffix.lower()
    with tempfile.NamedTemporaryFile(suffix=suffix if suffix in MEDIA_SUFFIXES else "") as file:
        _write(file.file, data, Path(file.name))
        yield Path(file.name)


def _write(file: IO[bytes], data: bytes, path: Path) -> None:
    try:
        file.write(data)
        file.flush()
    except OSError as error:  # the disk is full: no reason to skip a clip
        raise unwritable(path, error) from error


def fetched(media: ClipMedia) -> bytes:
    """Return the bytes of a file at an address or in a tar.

    Raises:
        SkippedError: it does not exist, cannot be fetched, or is not as large as its tar says.
    """
    files, path = file_system(media.location)
    start, end = (0, MOST_BYTES) if media.offset < 0 else (media.offset, media.offset + media.size)
    if end - start > MOST_BYTES:
        raise SkippedError(TOO_LARGE)
    try:
        data = bytes(files.cat_file(path, start=start, end=end))
    except FileNotFoundError as error:
        raise SkippedError(MISSING) from error
    except Exception as error:
        raise SkippedError(UNREACHABLE, type(error).__name__) from error
    if media.offset >= 0 and len(data) != media.size:
        raise SkippedError(DAMAGED)
    if media.offset < 0 and len(data) >= MOST_BYTES:
        raise SkippedError(TOO_LARGE)
    return data
