"""How good a model in training is: retrieval over the dev clips, spread over all processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from vlret.errors import UsageError
from vlret.evaluation.metrics.ranks import ranks
from vlret.training.pairs import PairBatch, PairLoader
from vlret.types import Vectors

DEV_CLIPS = 2000
"""Clips of the dev splits that are looked at, at most."""

Embed = Callable[[PairBatch], tuple[torch.Tensor, torch.Tensor]]


@dataclass(frozen=True)
class DevEmbeddings:
    """Embeddings of unit length, float32 [n, dim], of the dev clips and of one text of each; ids int64 [n]."""

    clips: Vectors
    texts: Vectors
    media_ids: NDArray[np.int64]
    text_ids: NDArray[np.int64]

    def recall(self) -> float:
        """Return text-to-clip R@1 in per cent; every clip that has a text counts as right for it."""
        return 100 * float(
            ranks(self.texts, self.clips, self.text_ids[:, None] == self.text_ids).hit_at(1).mean()
        )


def embed_dev(embed: Embed, loader: PairLoader, device: torch.device) -> DevEmbeddings:
    """Return embeddings of the dev clips of all processes, each once; all processes have to call this.

    Raises:
        UsageError: this process has no dev clip that can be read.
    """
    parts = [
        _rows(embed, batch, counts, device) for batch, counts in _in_step(loader.once(DEV_CLIPS), device)
    ]
    clips, texts, media_ids, text_ids = (np.concatenate(rows) for rows in zip(*parts, strict=True))
    order = np.argsort(media_ids)  # whatever the number of processes
    return DevEmbeddings(clips[order], texts[order], media_ids[order], text_ids[order])


def _in_step(batches: Iterator[PairBatch], device: torch.device) -> Iterator[tuple[PairBatch, bool]]:
    """Yield as many batches in every process as in the one that has most, and whether each counts.

    FSDP needs every process in every forward pass: one that has no batch left repeats its last one.
    """
    from accelerate.utils import gather

    batch: PairBatch | None = None
    while True:
        following = next(batches, None)
        if not gather(torch.tensor([following is not None], device=device)).any():
            break
        batch = following or batch
        if batch is None:
            raise _no_clip()
        yield batch, following is not None
    if batch is None:
        raise _no_clip()


def _no_clip() -> UsageError:
    return UsageError(
        "A process has no clip of the dev split that can be read.",
        "Check the paths of the dev clips and give more of them, or train in fewer processes.",
        code="no_dev_split",
    )


def _rows(embed: Embed, batch: PairBatch, counts: bool, device: torch.device) -> list[NDArray[Any]]:
    embeddings = [functional.normalize(one, dim=-1) for one in embed(batch)]
    ids = [torch.from_numpy(one).to(device) for one in (batch.media_ids, batch.text_ids)]
    return [_joined(rows if counts else rows[:0]).cpu().numpy() for rows in (*embeddings, *ids)]


def _joined(rows: torch.Tensor) -> torch.Tensor:
    """Rows [n, ...] of all processes, of which each may have another number."""
    from accelerate.utils import gather, pad_across_processes

    sizes = gather(torch.tensor([len(rows)], device=rows.device)).tolist()
    parts = gather(pad_across_processes(rows)).chunk(len(sizes))
    return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])
