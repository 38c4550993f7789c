"""Sliding windows over a file: their predicted embeddings, as selective decoding clusters them (paper)."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from vlret.errors import UsageError
from vlret.index.encode import BatchEncoded, Encoded, Encoder, FileEncoded
from vlret.index.frame_tokens import FrameTokens
from vlret.media.pool import DecodeJob, DecodePool, Event, FileFailed
from vlret.media.pool.read_in_child import failure
from vlret.models.base import Embedder
from vlret.types import Vectors, as_path

RATE_HZ = 2.0
LENGTH_S = 2.0


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a file in order of time.

    Attributes:
        starts_s, ends_s: float64 [n], seconds; an image is one window that ends where it starts.
        vectors: predicted embeddings float32 [n, dim], unit length.
        duration_s: that of the file; 0 for an image.
        warning: describes damage that left good frames.
    """

    starts_s: NDArray[np.float64]
    ends_s: NDArray[np.float64]
    vectors: Vectors
    duration_s: float
    warning: str | None = None


def embed_windows(
    embedder: Embedder,
    path: str | Path,
    rate_hz: float = RATE_HZ,
    length_s: float = LENGTH_S,
    progress: bool = True,
) -> Windows:
    """Return the predicted embeddings of sliding windows over a video, or of an image.

    Each window holds the model's number of frames at segment midpoints: 4 frames a second for vljepa-mini, which
    reads 8, so that neighbouring windows share three quarters of them. A model that encodes frames alone encodes
    each one once. Decoding runs in a child process with the limits of an index run, one pass over the file, and
    only as far ahead as its queue holds frames.

    The rest at the end is merged into the last window if it is shorter than half of one; a window in which no new
    frame begins is left out.

    Args:
        embedder: the model; its default query is used.
        path: a video or image.
        rate_hz: windows a second.
        length_s: seconds of a window. 2 s hold one action, and events that are shorter are not distinguished.
        progress: show a bar on stderr when that is a terminal and it takes more than two seconds.

    Raises:
        UsageError: a rate or length that is not positive, or a model without a vision tower.
        MediaError: the file cannot be read; same reasons as in an index run.
    """
    embedder.check_clips()
    job = window_job(as_path(path, "The file"), embedder, rate_hz, length_s)
    with DecodePool() as pool, _bar(job.path, progress) as bar:
        (event,) = _counted(encode_windows([job], embedder, pool), bar, rate_hz)
    if isinstance(event, FileFailed):
        raise failure(event)
    return windows_of(event)


def window_job(
    path: Path,
    embedder: Embedder,
    rate_hz: float = RATE_HZ,
    length_s: float = LENGTH_S,
    within: tuple[float, float] | None = None,
) -> DecodeJob:
    """Return the decoding of a file's windows, or of those that start `within` [start, end) seconds.

    Raises:
        UsageError: a rate or length that is not positive.
    """
    _check_positive(rate_hz, "rate of windows")
    _check_positive(length_s, "length of a window")
    card = embedder.card
    return DecodeJob(
        path, f"window:{length_s}:{1 / rate_hz}", card.frames, size=card.decode_size, within=within
    )


def encode_windows(
    jobs: Iterable[DecodeJob], embedder: Embedder, pool: DecodePool, workers: int = 1
) -> Generator[Encoded]:
    """Yield the files of window jobs with their vectors, or the reason why they failed; and batches."""
    share = FrameTokens(embedder).encode if embedder.encodes_frames_alone else None
    with (
        closing(cast("Generator[Event]", pool.run(jobs))) as events,
        closing(Encoder(embedder, workers, share).run(events)) as results,
    ):
        yield from results


def windows_of(encoded: FileEncoded) -> Windows:
    """Return the windows of a file that `encode_windows` yielded."""
    starts, ends = np.array([(clip.start, clip.row_end) for clip in encoded.clips], np.float64).T
    return Windows(starts, ends, encoded.vectors, encoded.duration_s, encoded.warning)


def _counted(events: Iterable[Encoded], bar: tqdm[Any], rate_hz: float) -> Iterator[FileEncoded | FileFailed]:
    for event in events:
        if isinstance(event, BatchEncoded):
            bar.update(event.n_clips / rate_hz)
        else:
            yield event


def _bar(path: Path, progress: bool) -> tqdm[Any]:
    return tqdm(
        desc=path.name, unit="s", unit_scale=True, delay=2, disable=None if progress else True,
        bar_format="{desc}: {n:.0f} s of video, {rate_fmt} {elapsed}",
    )  # fmt: skip


def _check_positive(value: object, what: str) -> None:
    if not isinstance(value, Real) or not 0 < float(value) < float("inf"):
        raise UsageError(
            f"The {what} was given as {value!r}.", "Give a positive number.", code="not_positive", given=value
        )
