"""Runs of settings, each trained and scored once and kept."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from benchmarks.ablations.data import Mixture, training_mixture
from benchmarks.ablations.model import RECIPE, build
from benchmarks.ablations.score import Scored, Sets, score
from benchmarks.ablations.settings import Setting
from benchmarks.ablations.train import Plan, Run
from vlret.files import replace_file
from vlret.training.recipe import read_recipe


@dataclass(frozen=True)
class Bench:
    """Trains on `data`, whose tokens are in `features`, and keeps what was right in `out`.

    The checkpoint of a run, up to 200 MB, is deleted when it is scored.
    """

    data: Path
    features: Path
    out: Path
    split: str
    plan: Plan

    def scored(self, setting: Setting, seed: int) -> dict[str, Scored]:
        """Return what a run got right; it is trained and scored unless that was done before."""
        name = "_".join(map(str, (*astuple(setting), *astuple(self.plan), seed)))
        file = self.out / f"{name}_{self.split}.npz"
        if not file.is_file():
            run = Run(setting, self.plan, build(setting, seed), self._tokens)
            checkpoint = self.out / f"{name}.pt"
            run.train_on(self.mixture, checkpoint, seed)
            replace_file(file, _packed(score(run, self.sets)))
            checkpoint.unlink()
        return _unpacked(file)

    @cached_property
    def mixture(self) -> Mixture:
        """What every setting is trained on."""
        return training_mixture(self.data, self.features)

    @cached_property
    def sets(self) -> Sets:
        """What every setting is scored on."""
        return Sets(self.data, self.features, self.split)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """MiniLM's."""
        tokenizer = Tokenizer.from_file(str(read_recipe(RECIPE).initial.y_encoder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(read_recipe(RECIPE).model["text_length"])
        return tokenizer

    def _tokens(self, text: str) -> list[int]:
        return self.tokenizer.encode(text).ids


def _packed(found: Mapping[str, Scored]) -> bytes:
    file = io.BytesIO()
    arrays = {name: np.stack([one.hits, one.groups]).astype(np.float64) for name, one in found.items()}
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _unpacked(file: Path) -> dict[str, Scored]:
    with np.load(file) as arrays:
        return {name: Scored(arrays[name][0], arrays[name][1].astype(np.int64)) for name in arrays}
