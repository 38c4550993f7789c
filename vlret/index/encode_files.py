"""Files to clips with vectors: decoding, encoding, and a fingerprint of each file that stayed the same meanwhile."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from vlret.index.encode import Encoded, Encoder, FileEncoded
from vlret.index.fingerprint import file_state, fingerprint
from vlret.index.manifest import IndexRecipe
from vlret.media.pool import DecodeJob, DecodePool, Event, FileFailed
from vlret.models.base import Embedder


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
    jobs = {_job(file, recipe, embedder): file for file in files}
    with (
        closing(cast("Generator[Event]", pool.run(jobs))) as events,
        closing(Encoder(embedder, workers).run(events)) as results,
    ):
        for event in results:
            yield _fingerprinted(event, jobs[event.job]) if isinstance(event, FileEncoded) else event


def _job(file: FileToEncode, recipe: IndexRecipe, embedder: Embedder) -> DecodeJob:
    size = embedder.card.decode_size
    return DecodeJob(
        file.path, recipe.clips, recipe.n_frames, recipe.sampling, recipe.decoder, size, file.within
    )


def _fingerprinted(encoded: FileEncoded, file: FileToEncode) -> FileEncoded | FileFailed:
    """The encoded file with its fingerprint, if it is still in the state that it had before."""
    try:
        state = file_state(file.path)
        digest = fingerprint(file.path)
    except OSError as error:
        return FileFailed(encoded.job, f"cannot be read: {error.strerror}")
    if state != (file.size, file.mtime_ns):
        return FileFailed(encoded.job, "changed while it was read; run again")
    return replace(encoded, fingerprint=digest)
