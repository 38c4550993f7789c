"""The pairs of a joint stage: checked before anything is computed, then read step by step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vlret.errors import UsageError
from vlret.training.pairs import PairLoader, PairSet, read_pairs
from vlret.training.pairs.splits import DEV, TRAIN
from vlret.training.recipe_stages import JointStage

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANY_SKIPPED = 0.05
"""More than this share of the pairs left out is worth a warning."""


@dataclass(frozen=True)
class StagePairs:
    """The datasets of a stage: what is trained on, and the dev clips of those that have any."""

    train: list[PairSet]
    dev: list[PairSet]

    def captions(self, media_ids: NDArray[np.int64]) -> list[tuple[str, ...]]:
        """Return the captions of dev clips: their texts that answer no question."""
        found = {
            one.clip_ids[n].item(): tuple(text for query, text in one.pairs(n) if not query)
            for one in self.dev
            for n in range(len(one))
        }
        return [found[clip_id] for clip_id in media_ids.tolist()]


def read_stage(stage: JointStage, folder: Path, n_processes: int) -> StagePairs:
    """Return the pairs of a stage.

    Raises:
        UsageError: a dataset cannot be read or has nothing to train on, there are too few dev clips, or fewer clips
            than pairs of a batch.
    """
    sets = read_pairs(stage.sets, folder)
    train, dev = ([one.of(split) for one in sets] for split in (TRAIN, DEV))
    found = StagePairs(train, [one for one in dev if len(one)])
    _check(stage, found, n_processes)
    return found


def _check(stage: JointStage, pairs: StagePairs, n_processes: int) -> None:
    n_dev, n_train = (sum(map(len, sets)) for sets in (pairs.dev, pairs.train))
    if n_dev < max(2, n_processes):
        raise UsageError(
            f"The stage {stage.name} has {n_dev} clips for dev; two or more, and one for each process, are needed.",
            'Give about a twentieth of the clips "split": "dev"; they are then not trained on.',
            code="no_dev_split",
            stage=stage.name,
        )
    if n_train < stage.batch:
        raise UsageError(
            f"The stage {stage.name} has {n_train} clips to train on, fewer than its batch, {stage.batch}.",
            "Make batch smaller in the recipe, or add clips.",
            code="too_few_items",
            stage=stage.name,
            batch=stage.batch,
        )
    if stage.batch % n_processes:
        raise UsageError(
            f"The batch of the stage {stage.name}, {stage.batch}, cannot be shared by {n_processes} processes.",
            "Make it a multiple of their number.",
            code="batch_not_shared",
            stage=stage.name,
            batch=stage.batch,
        )


def skipped_lines(loader: PairLoader, n_processes: int) -> list[str]:
    """Return what this process left out, a line for each reason, and a warning if it was much of its share."""
    lines = loader.skipped.lines()
    n_skipped, n_clips = sum(loader.skipped.counts.values()), sum(map(len, loader.sets)) // n_processes
    if n_skipped > MANY_SKIPPED * n_clips:
        lines.append(
            f"{n_skipped} skipped pairs are much for {n_clips} clips: look at the files that are named."
        )
    if lines and n_processes > 1:
        lines.append(
            f"The other {n_processes - 1} processes read clips of their own, which are not counted here."
        )
    return lines
