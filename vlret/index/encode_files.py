"""Files to clips with vectors: decoding, encoding, and a fingerprint of each file that stayed the same meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import cast

from vlret.index.encode import BatchEncoded, Encoded, Encoder, FileEncoded
from vlret.index.fingerprint import file_state, fingerprint
from vlret.index.manifest import IndexRecipe
from vlret.index.meaning import cuts_of, is_meaning, threshold_of
from vlret.index.windows import encode_windows, window_job
from vlret.media.pool import DecodeJob, DecodePool, Event, FileFailed
from vlret.models.base import Embedder
from vlret.remote_path import RemotePath

_REQUESTS_AT_ONCE = 16
CUT_AT_ONCE = 16
"""Files whose cuts are found before their clips are encoded: what a kill costs at most beside the last shard."""


@dataclass(frozen=True, slots=True)
class FileToEncode:
    """A media file in a known state: `size` in bytes and `mtime_ns`.

    `within=(start, end)` keeps the clips that start in `[start, end)` seconds; None: all.
    """

    path: Path
    size: int
    mtime_ns: int
    within: tuple[float, float] | None = None


def encode_files(
    files: Iterable[FileToEncode], recipe: IndexRecipe, embedder: Embedder, pool: DecodePool, workers: int = 1
) -> Generator[Encoded]:
    """Yield each file as it is ready, in any order, with its clips or the reason why it failed; and batches.

    Batches hold clips of several files, and are encoded while the next ones are decoded.
    """
    if is_meaning(recipe.clips):
        remaining = iter(files)
        while group := list(islice(remaining, CUT_AT_ONCE)):
            yield from _cut_and_encode(group, recipe, embedder, pool, workers)
    else:
        jobs = {_job(file, recipe.clips, recipe, embedder): file for file in files}
        yield from _encode(jobs, embedder, pool, workers)


def _cut_and_encode(
    files: Sequence[FileToEncode], recipe: IndexRecipe, embedder: Embedder, pool: DecodePool, workers: int
) -> Generator[Encoded]:
    """Decode the files twice: their windows say where to cut, then their clips are those between the cuts."""
    threshold = threshold_of(recipe.clips)
    jobs: dict[DecodeJob, FileToEncode] = {}
    windows = dict.fromkeys(window_job(file.path, embedder) for file in files)
    for event in encode_windows(windows, embedder, pool, workers):
        if isinstance(event, BatchEncoded):
            yield BatchEncoded(0)  # a sign of life
            continue
        rule = cuts_of(event, threshold) if isinstance(event, FileEncoded) else "whole"
        found = {_job(file, rule, recipe, embedder): file for file in files if file.path == event.job.path}
        if isinstance(event, FileFailed):
            yield from (replace(event, job=job) for job in found)
        else:
            jobs |= found
    yield from _encode(jobs, embedder, pool, workers)


def _encode(
    jobs: Mapping[DecodeJob, FileToEncode], embedder: Embedder, pool: DecodePool, workers: int
) -> Generator[Encoded]:
    with (
        closing(cast("Generator[Event]", pool.run(jobs))) as events,
        closing(Encoder(embedder, workers).run(events)) as results,
    ):
        yield from _all_fingerprinted(results, jobs)


def _all_fingerprinted(
    events: Iterable[Encoded], jobs: Mapping[DecodeJob, FileToEncode]
) -> Iterator[Encoded]:
    """The events with fingerprints; those of objects at addresses, which take five requests, come a little later."""
    waiting: deque[Future[FileEncoded | FileFailed]] = deque()
    with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as threads:
        for event in events:
            if not isinstance(event, FileEncoded):
                yield event
            elif isinstance(event.job.path, RemotePath):
                waiting.append(threads.submit(_fingerprinted, event, jobs[event.job]))
            else:
                yield _fingerprinted(event, jobs[event.job])
            while waiting and waiting[0].done():
                yield waiting.popleft().result()
        yield from (done.result() for done in waiting)


def _job(file: FileToEncode, rule: str, recipe: IndexRecipe, embedder: Embedder) -> DecodeJob:
    size = embedder.card.decode_size
    return DecodeJob(file.path, rule, recipe.n_frames, recipe.sampling, recipe.decoder, size, file.within)


def _fingerprinted(encoded: FileEncoded, file: FileToEncode) -> FileEncoded | FileFailed:
    """The encoded file with its fingerprint, if it is still in the state that it had before."""
    try:
        state = file_state(file.path)
        digest = fingerprint(file.path)
    except OSError as error:
        is_remote = isinstance(file.path, RemotePath)  # the network, not the file
        return FileFailed(encoded.job, f"cannot be read: {error.strerror}", retry=is_remote)
    if state != (file.size, file.mtime_ns):
        return FileFailed(encoded.job, "changed while it was read; run again")
    return replace(encoded, fingerprint=digest)
