"""Decodes what any model of a run still has to see, once, and shows it to all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from vlret.datasets.base import Media
from vlret.evaluation.embeddings.durations import Lengths
from vlret.evaluation.embeddings.model_embeddings import ModelVectors, Piece, resized
from vlret.evaluation.results.protocol import Protocol
from vlret.index.fingerprint import fingerprint
from vlret.media.pool import ClipDecoded, DecodeJob, DecodePool, FileDone, FileFailed
from vlret.types import Pixels

_PIXEL_BYTES = 256 << 20
_TOKENS_AT_ONCE = 32

Queries = Sequence[Sequence[str | None]]
"""What is asked of each piece; None is the model's own query."""


def piece_of(path: Path, medium: Media) -> Piece:
    """The medium in the file at `path`, under a key that changes with the file's content."""
    key = f"{fingerprint(path)}|{medium.start}|{medium.end}"
    return Piece(key, medium.id, path, medium.start, medium.end)


def look(
    pieces: Sequence[Piece],
    queries: Queries,
    models: Sequence[ModelVectors],
    lengths: Lengths,
    workers: int = 1,
) -> dict[str, str]:
    """Give every model its vectors of all `pieces`; what a model has already it is not shown again.

    Each clip is decoded once, at its own size, for all models that need it; `lengths` are told how long it is.

    Returns:
        the reason for each piece, by its key, that could not be decoded.
    """
    todo = _Todo(pieces, queries, models)
    todo.answer_from_tokens()
    todo.count_cached(pieces)
    failed: dict[str, str] = {}
    batch: list[tuple[Piece, Pixels]] = []
    needed = todo.pieces()
    if not needed:
        return failed
    size = max(seen.model.batch_size for seen in models)
    with tqdm(total=len(needed), desc="clips", unit="clip", disable=None) as bar:
        for piece, pixels in _decoded(needed, models[0].protocol, workers, failed, lengths):
            bar.update()
            batch.append((piece, pixels))
            if len(batch) >= size or sum(clip.nbytes for _, clip in batch) >= _PIXEL_BYTES:
                todo.show(batch)
                batch = []
        todo.show(batch)
    for seen in models:
        seen.undecodable.update(failed)
    return failed


class _Todo:
    """For each model the pieces that it lacks, each with the queries it lacks them for."""

    def __init__(self, pieces: Sequence[Piece], queries: Queries, models: Sequence[ModelVectors]) -> None:
        self._todo: list[tuple[ModelVectors, dict[Piece, list[str]]]] = []
        for seen in models:
            lacking: dict[Piece, list[str]] = {}
            for piece, asked in zip(pieces, queries, strict=True):
                new = [seen.asked(query) for query in asked if seen.lacks(piece, query)]
                if new:
                    lacking[piece] = list(dict.fromkeys([*lacking.get(piece, []), *new]))
            self._todo.append((seen, lacking))

    def pieces(self) -> list[Piece]:
        """All pieces that a model still has to see, each once."""
        return list(dict.fromkeys(piece for _, lacking in self._todo for piece in lacking))

    def answer_from_tokens(self) -> None:
        """New questions about what was seen before need no decoding."""
        for seen, lacking in self._todo:
            known = [piece for piece in lacking if seen.has_tokens(piece)]
            for first in range(0, len(known), _TOKENS_AT_ONCE):
                some = known[first : first + _TOKENS_AT_ONCE]
                seen.answer_from_tokens(some, [lacking.pop(piece) for piece in some])

    def count_cached(self, pieces: Sequence[Piece]) -> None:
        """Tell each model which pieces it need not see."""
        for seen, lacking in self._todo:
            seen.count_cached([piece for piece in dict.fromkeys(pieces) if piece not in lacking])

    def show(self, batch: Sequence[tuple[Piece, Pixels]]) -> None:
        """Show decoded clips to the models that lack them."""
        for seen, lacking in self._todo:
            new = [(piece, clip) for piece, clip in batch if piece in lacking]
            if new:
                pieces, pixels = zip(*new, strict=True)
                seen.look(pieces, pixels, [lacking[piece] for piece in pieces])


def _decoded(
    pieces: Sequence[Piece],
    protocol: Protocol,
    workers: int,
    failed: dict[str, str],
    lengths: Lengths,
) -> Iterator[tuple[Piece, Pixels]]:
    """Each piece with its pixels uint8 [t, height, width, 3]; those without go into `failed`."""
    users = _users(pieces, protocol)
    held: dict[DecodeJob, Pixels] = {}
    halves: dict[Piece, dict[int, Pixels]] = defaultdict(dict)
    with DecodePool(workers) as pool:
        for event in pool.run(users):
            if isinstance(event, ClipDecoded):
                held[event.job] = event.frames.pixels  # may fail yet
                continue
            pixels = held.pop(event.job, None)
            reason = event.reason if isinstance(event, FileFailed) else "nothing can be decoded there"
            for piece, half in users[event.job]:
                part = _halves(piece)[half]
                if pixels is None or not isinstance(event, FileDone):
                    failed[piece.key] = failed[part.key] = reason
                    continue
                lengths.put(part, event.info)
                halves[piece][half] = pixels
                if len(halves[piece]) == len(_halves(piece)):
                    yield piece, _joined(halves.pop(piece))


def _users(pieces: Sequence[Piece], protocol: Protocol) -> dict[DecodeJob, list[tuple[Piece, int]]]:
    """For each job, the pieces that its frames go into and as which half."""
    users: dict[DecodeJob, list[tuple[Piece, int]]] = defaultdict(list)
    for piece in pieces:
        parts = _halves(piece)
        n_frames = max(1, protocol.frames // len(parts))
        for half, part in enumerate(parts):
            users[_job(part, n_frames, protocol.sampling)].append((piece, half))
    return users


def _halves(piece: Piece) -> list[Piece]:
    if piece.then is None:
        return [piece]
    return [replace(piece, key=piece.key.partition("+")[0], then=None), piece.then]


def _joined(halves: dict[int, Pixels]) -> Pixels:
    """The halves one after the other, all as large as the first."""
    first, *others = (halves[half] for half in sorted(halves))
    return np.concatenate([first, *(resized(clip, (first.shape[2], first.shape[1])) for clip in others)])


def _job(piece: Piece, n_frames: int, sampling: str) -> DecodeJob:
    whole = piece.start == 0 and piece.end is None
    rule = "whole" if whole else f"span:{piece.start}:{'' if piece.end is None else piece.end}"
    return DecodeJob(piece.path, rule, n_frames, sampling)
