"""Decodes the media of a run, each clip as the protocol says, for all models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from vlret.evaluation.embeddings.durations import Durations
from vlret.evaluation.embeddings.source import MediaItem
from vlret.evaluation.protocol.protocol import Protocol
from vlret.media.clips import span_rule
from vlret.media.pool import ClipDecoded, DecodeJob, DecodePool, FileDone, FileFailed
from vlret.media.squash import squash
from vlret.types import Frames


def decode_media(
    items: Sequence[MediaItem],
    protocol: Protocol,
    workers: int,
    failed: dict[str, str],
    durations: Durations,
) -> Iterator[tuple[MediaItem, Frames]]:
    """Each item with its frames at their own size; those without go into `failed` by their keys, with the reason.

    How long each is goes into `durations`.
    """
    users = _users(items, protocol)
    held: dict[DecodeJob, Frames] = {}
    halves: dict[MediaItem, dict[int, Frames]] = defaultdict(dict)
    with DecodePool(workers) as pool:
        for event in pool.run(users):
            if isinstance(event, ClipDecoded):
                held[event.job] = event.frames  # may fail yet
                continue
            frames = held.pop(event.job, None)
            reason = event.reason if isinstance(event, FileFailed) else "nothing can be decoded there"
            for item, half in users[event.job]:
                part = _halves(item)[half]
                if frames is None or not isinstance(event, FileDone):
                    failed[item.key] = failed[part.key] = reason
                    continue
                durations.put(part, event.info)
                halves[item][half] = frames
                if len(halves[item]) == len(_halves(item)):
                    yield item, _joined(halves.pop(item))


def _users(items: Sequence[MediaItem], protocol: Protocol) -> dict[DecodeJob, list[tuple[MediaItem, int]]]:
    """For each job, the items that its frames go into and as which half."""
    users: dict[DecodeJob, list[tuple[MediaItem, int]]] = defaultdict(list)
    for item in items:
        parts = _halves(item)
        n_frames = max(1, protocol.frames // len(parts))
        for half, part in enumerate(parts):
            users[_job(part, n_frames, protocol.sampling)].append((item, half))
    return users


def _halves(item: MediaItem) -> list[MediaItem]:
    if item.then is None:
        return [item]
    return [replace(item, key=item.key.partition("+")[0], then=None), item.then]


def _joined(halves: dict[int, Frames]) -> Frames:
    """The halves one after the other, all as large as the first; the times stay those of each file."""
    parts = [halves[half] for half in sorted(halves)]
    height, width = parts[0].pixels.shape[1:3]
    pixels = np.concatenate([squash(part.pixels, (width, height)) for part in parts])
    return Frames(pixels, np.concatenate([part.times for part in parts]))


def _job(item: MediaItem, n_frames: int, sampling: str) -> DecodeJob:
    whole = item.start == 0 and item.end is None
    rule = "whole" if whole else span_rule(item.start, item.end)
    return DecodeJob(item.path, rule, n_frames, sampling)
