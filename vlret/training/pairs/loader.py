"""`PairLoader`: the batches of a training, decoded ahead."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from vlret.errors import UsageError
from vlret.media.frame_size import Size
from vlret.media.sampling import check_sampling
from vlret.text import count_of
from vlret.training.pairs.clip_media import ClipMedia, stable_id
from vlret.training.pairs.decode_clips import UNREACHABLE, ClipDecoder
from vlret.training.pairs.order import Draw, Order
from vlret.training.pairs.pair_batch import PairBatch
from vlret.training.pairs.pair_set import PairSet
from vlret.training.pairs.skipped import Skipped, SkippedError

MOST_FAILURES = 100
"""So many clips in a row that cannot be read end the training: the disk or the network is gone."""
ROUNDS = 20
"""How often a small dataset is gone through for clips that can be read."""


Job = Callable[["ClipReader"], "Sample | None"]


class ClipReader(Protocol):
    """Reads clips in several threads: `ClipDecoder` their frames, or their cached tokens."""

    def read(self, media: ClipMedia) -> NDArray[Any]:
        """Return what is known of a clip. Raises SkippedError."""

    def close(self) -> None:
        """Stop at once."""


class Sample(NamedTuple):
    """One pair, read: frames uint8 [t, height, width, 3], or tokens float16 [tokens, width]."""

    seen: NDArray[Any]
    query: str
    text: str
    clip_id: int


class PairLoader:
    """The batches of a training: what a step reads follows from seed and step, so resuming needs no state.

    Each process reads its own rows; those of processes 0, 1, ... in a row are the batch of a single process. A clip
    that cannot be read is skipped and counted (`skipped`), and another one of its dataset takes its place.

    Args:
        sets: datasets of one split, none empty.
        frames: of a clip.
        batch: pairs of a step, over all processes.
        seed: of the order, and of the choice among a clip's texts.
        weights: share of each dataset in the pairs; empty: as its number of clips.
        rank, n_processes: which of the processes this is.
        size: (width, height) to which frames are resized while decoding; None leaves them as they are.
        workers: clips decoded at once; None: this process's share of the cores.
        tokens: where the clips' cached tokens are read in place of their frames.

    Raises:
        UsageError: there is no dataset or one without clips, weights are not one a dataset, or the batch cannot be
            shared by the processes.
    """

    def __init__(
        self,
        sets: Sequence[PairSet],
        frames: int,
        batch: int,
        seed: int = 0,
        *,
        weights: Sequence[float] = (),
        rank: int = 0,
        n_processes: int = 1,
        size: Size | None = None,
        workers: int | None = None,
        tokens: ClipReader | None = None,
    ) -> None:
        _check(sets, weights, batch, n_processes)
        check_sampling(frames, "midpoint")
        self.sets, self.rows = sets, batch // n_processes
        self.skipped = Skipped(sum((one.dropped for one in sets), Counter()))
        self._order = Order(sets, weights, batch, seed)
        self._rank, self._n_processes = rank, n_processes
        self._frames, self._size, self._tokens = frames, size, tokens
        self._workers = workers or max(1, _n_cores() // n_processes)
        self._unusable: set[int] = set()

    def batches(self, first_step: int = 0) -> Iterator[PairBatch]:
        """Yield the batches of steps `first_step`, `first_step + 1`, ... without end; one is decoded ahead.

        Raises:
            UsageError: no clip of a dataset can be read.
        """
        slots = range(self._rank * self.rows, (self._rank + 1) * self.rows)
        draws = (self._order.draw(step) for step in count(first_step))
        for samples in self._ahead([partial(self._drawn, draw, slot) for slot in slots] for draw in draws):
            yield _batch([sample for sample in samples if sample], self._tokens is not None)

    def once(self, limit: int | None = None) -> Iterator[PairBatch]:
        """Yield this process's share of all clips, each once with its first text, in their order.

        With `limit` those with the smallest of the random `media_ids`. Clips that cannot be read are left out.
        """
        places = {one.clip_ids[n].item(): (one, n) for one in self.sets for n in range(len(one))}
        chosen = set(sorted(places)[:limit])
        mine = [places[clip_id] for clip_id in places if clip_id in chosen][self._rank :: self._n_processes]
        jobs: list[Job] = [partial(self._sample, *place, 0.0) for place in mine]
        parts = (jobs[first : first + self.rows] for first in range(0, len(jobs), self.rows))
        for samples in self._ahead(parts):
            if found := [sample for sample in samples if sample]:
                yield _batch(found, self._tokens is not None)

    def _ahead(self, steps: Iterable[Sequence[Job]]) -> Iterator[list[Sample | None]]:
        """Yield the results of each step's jobs, in order; those of the next step are at work meanwhile."""
        reader = self._tokens or ClipDecoder(self._frames, self._size)
        threads = ThreadPoolExecutor(self._workers)
        try:
            coming: deque[list[Future[Sample | None]]] = deque()
            for jobs in steps:
                coming.append([threads.submit(job, reader) for job in jobs])
                if len(coming) > 1:
                    yield [job.result() for job in coming.popleft()]
            for rest in coming:
                yield [job.result() for job in rest]
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            reader.close()
            threads.shutdown()
            reader.close()  # a process that a thread started meanwhile

    def _drawn(self, draw: Draw, slot: int, reader: ClipReader) -> Sample:
        """Read the pair of a step that has this number, or one that takes its place."""
        one = self.sets[draw.sets[slot]]
        failures = 0
        for attempt in range(ROUNDS * len(one)):
            number = draw.clip(slot, attempt)
            if one.clip_ids[number].item() in self._unusable:
                continue
            if sample := self._sample(one, number, draw.chance[slot], reader):
                return sample
            failures += 1
            if failures == MOST_FAILURES:
                break
        raise UsageError(
            f"No clip of {one.name} can be read. {' '.join(self.skipped.lines())}",
            "Check its paths and that its disk or address can be reached.",
            code="no_readable_clip",
            dataset=one.name,
        )

    def _sample(self, one: PairSet, number: int, chance: float, reader: ClipReader) -> Sample | None:
        """Read a clip and choose among its texts; None: it cannot be read, which is counted."""
        media, pairs = one.media(number), one.pairs(number)
        try:
            seen = reader.read(media)
        except SkippedError as error:
            self._count(error, media)
            return None
        return Sample(seen, *pairs[int(chance * len(pairs))], media.clip_id)

    def _count(self, error: SkippedError, media: ClipMedia) -> None:
        if media.clip_id not in self._unusable:
            self.skipped.add(error, media.name)
        if error.reason != UNREACHABLE:  # it may be reached the next time
            self._unusable.add(media.clip_id)


def _batch(samples: Sequence[Sample], are_tokens: bool) -> PairBatch:
    seen, queries, texts, ids = map(list, zip(*samples, strict=True))
    pixels, tokens = ([], seen) if are_tokens else (seen, [])
    text_ids = [stable_id(text) for text in texts]
    return PairBatch(pixels, tokens, texts, queries, np.array(ids, np.int64), np.array(text_ids, np.int64))


def _n_cores() -> int:
    """Logical cores that this process may use; OMP_NUM_THREADS, which torchrun sets to 1, does not count here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check(sets: Sequence[PairSet], weights: Sequence[float], batch: int, n_processes: int) -> None:
    empty = [one.name for one in sets if not len(one)]
    if not sets or empty:
        raise UsageError(
            f"{', '.join(empty) or 'The list of datasets'} has no clips with texts.",
            "Check its splits and its texts.",
            code="no_pairs",
            given=empty,
        )
    if weights and (len(weights) != len(sets) or min(weights) <= 0):
        raise UsageError(
            f"The weights {list(weights)} were given for {count_of(len(sets), 'dataset')}.",
            "Give a number above 0 for each.",
            code="mixture_weights",
            given=list(weights),
        )
    if batch < 1 or batch % n_processes:
        raise UsageError(
            f"A batch of {batch} cannot be shared by processes whose number is {n_processes}.",
            "Make it a multiple of the processes.",
            code="batch_not_shared",
            given=batch,
        )
