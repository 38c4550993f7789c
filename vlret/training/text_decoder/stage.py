"""One stage of the training of a text decoder: noisy embeddings to the captions they belong to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from tqdm import tqdm

from vlret.files import replacing
from vlret.models.captioners.text_decoder import TextDecoder
from vlret.training.checkpoint import TrainingState, one_cycle
from vlret.training.text_decoder.recipe import DecoderStage
from vlret.training.text_decoder.sources import Source

IGNORED = -100
"""Target of a token that is padding: `cross_entropy` leaves it out."""
_BATCHES_SORTED = 16
"""Captions of so many batches are sorted by length: little is padded, and batches stay random."""


@dataclass
class DecoderTrainer:
    """A decoder, what it learns from, and how.

    Attributes:
        name: of the stage; its checkpoint is `name`.pt.
        decoder: is trained in place.
        stage: the numbers.
        source: gives the embeddings.
        pairs: int64 [n, 2], a group of captions and one of its captions each.
        ids: token ids of each caption, with the end token.
        dtype: of the forward pass.
        seed: of all random numbers.
    """

    name: str
    decoder: TextDecoder
    stage: DecoderStage
    source: Source
    pairs: NDArray[np.int64]
    ids: list[list[int]]
    dtype: torch.dtype
    seed: int
    state: TrainingState = field(init=False)

    def __post_init__(self) -> None:
        parameters = dict(self.decoder.named_parameters())
        steps = self.stage.epochs * (len(self.pairs) // self.stage.batch)
        groups = [(list(parameters.values()), self.stage.rate)]
        optimiser, schedule = one_cycle(groups, steps, self.stage.weight_decay)
        self.state = TrainingState(parameters, optimiser, schedule, np.random.default_rng(self.seed))

    def train(self, score: Callable[[], float], folder: Path) -> None:
        """Train to the end, resuming after the last finished epoch; each adds a line to epochs.jsonl.

        `score` rates the decoder on dev images. The best weights are left in the decoder: those of an epoch, or those
        that the stage starts with.
        """
        best, file = folder / f"{self.name}-best.pt", folder / f"{self.name}.pt"
        if not file.is_file():
            self._keep(best, [score()])
        scores: list[float] = torch.load(best, weights_only=True)["scores"]
        for epoch in range(self.state.resume(file), self.stage.epochs):
            loss = self.run_epoch(epoch)
            scores = [*scores[: epoch + 1], score()]
            self._log(folder, epoch + 1, loss, scores[-1])
            self._keep(best, scores)
            self.state.save(file, epoch + 1)
        self.decoder.load_state_dict(torch.load(best, weights_only=True)["weights"])

    def _log(self, folder: Path, epoch: int, loss: float, dev_cider: float) -> None:
        line = {"stage": self.name, "epoch": epoch, "loss": round(loss, 3), "dev_cider": round(dev_cider, 3)}
        with (folder / "epochs.jsonl").open("a") as lines:
            lines.write(json.dumps(line) + "\n")

    def run_epoch(self, epoch: int) -> float:
        """One pass over the captions; returns the mean loss."""
        self.decoder.train()
        title = f"{self.name}, epoch {epoch + 1}/{self.stage.epochs}"
        batches = list(self._batches())
        bar = tqdm(batches, desc=title, unit="batch", mininterval=5, disable=None)
        losses = [self.state.step(self.loss(rows)) for rows in bar]
        self.decoder.eval()
        return float(np.mean(losses))

    def loss(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """Cross-entropy of the captions of `pairs[rows]`, a mean over their tokens."""
        groups, captions = self.pairs[rows].T
        embeddings = torch.from_numpy(self.source(groups, self.state.rng)).to(self.state.device)
        embeddings = functional.normalize(embeddings, dim=-1)
        noise = torch.randn_like(embeddings) * (self.stage.noise / embeddings.shape[1] ** 0.5)
        given = functional.normalize(embeddings + noise, dim=-1)
        ids, targets = _padded([self.ids[caption] for caption in captions])
        ids, targets = ids.to(given.device), targets.to(given.device)
        with torch.autocast(given.device.type, self.dtype, enabled=self.dtype != torch.float32):
            logits = self.decoder(given, ids, dropout=self.stage.dropout)
        return functional.cross_entropy(
            logits.float().flatten(0, 1), targets.flatten(), label_smoothing=self.stage.label_smoothing
        )

    def _batches(self) -> Iterator[NDArray[np.int64]]:
        size, rng = self.stage.batch, self.state.rng
        order = rng.permutation(len(self.pairs))[: len(self.pairs) // size * size]
        lengths = np.array([len(self.ids[caption]) for caption in self.pairs[:, 1]])
        parts = np.split(order, range(size * _BATCHES_SORTED, len(order), size * _BATCHES_SORTED))
        order = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in parts])
        batches = order.reshape(-1, size)
        yield from batches[rng.permutation(len(batches))]

    def _keep(self, file: Path, scores: list[float]) -> None:
        """Save the weights if their score is the best so far, and the scores in any case."""
        is_best = scores[-1] >= max(scores)
        weights = self.decoder.state_dict() if is_best else torch.load(file, weights_only=True)["weights"]
        with replacing(file) as out:
            torch.save({"scores": scores, "weights": weights}, out)


def _padded(texts: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids int64 [n, longest] and the same with `IGNORED` in place of padding."""
    targets = torch.full((len(texts), max(map(len, texts))), IGNORED)
    for row, ids in enumerate(texts):
        targets[row, : len(ids)] = torch.tensor(ids)
    return targets.clamp(min=0), targets
