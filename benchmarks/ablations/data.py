"""The mixture that a setting is trained on: captions without a query, and questions with their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.features import TokenSet, read_tokens
from vlret.training.questions import Question, brought_questions, make_questions

CAPTIONED = (
    "photos/flickr8k", "photos/web_pairs", "photos/coco_mini",
    "videos/msrvtt", "videos/msvd", "videos/panda70m", "videos/autoeval", "videos/prompts",
)  # fmt: skip
DAQUAR = "photos/daquar"
DAQUAR_DEV = 10
"""Of DAQUAR's training photographs, which have no dev split, each tenth is kept for choices."""
BROUGHT = 0.4
"""Share of the questions that people asked; the others are made from captions by rule."""


@dataclass(frozen=True)
class Batch:
    """`tokens` float32 [n, 9, width]; `inputs` int64 [n], equal where photograph and query are."""

    tokens: torch.Tensor
    queries: list[str]
    texts: list[str]
    inputs: torch.Tensor


@dataclass(frozen=True)
class Mixture:
    """Sets of photographs and clips; a clip is one of its frames, drawn anew each time."""

    sets: Sequence[TokenSet]

    @cached_property
    def places(self) -> list[tuple[TokenSet, int]]:
        """The set of each item and its number there."""
        return [(one, row) for one in self.sets for row in range(len(one.items))]

    @cached_property
    def captioned(self) -> NDArray[np.int64]:
        """The items that have captions."""
        return np.array([n for n, (one, row) in enumerate(self.places) if one.items[row].captions])

    @cached_property
    def questions(self) -> tuple[list[Question], list[Question]]:
        """(those that people asked, those made by rule)."""
        items = [one.items[row] for one, row in self.places]
        return brought_questions(items), make_questions(items)

    def captions(self, size: int, rng: np.random.Generator) -> Batch:
        """Return a batch of different items, each with one of its captions."""
        chosen = rng.choice(self.captioned, size, replace=False)
        texts = [str(rng.choice(self._captions(item))) for item in chosen]
        return self._batch(chosen, [""] * size, texts, rng)

    def mixed(self, size: int, rng: np.random.Generator) -> Batch:
        """Return a batch of half captions and half questions."""
        asked = self._questions(size // 2, rng)
        told = self.captions(size - len(asked), rng)
        about = np.array([question.item for question in asked])
        answers = [question.answer for question in asked]
        return _joined(told, self._batch(about, [question.question for question in asked], answers, rng))

    def _questions(self, size: int, rng: np.random.Generator) -> list[Question]:
        brought = round(BROUGHT * size)
        sizes = zip(self.questions, (brought, size - brought), strict=True)
        return [pool[number] for pool, count in sizes for number in rng.integers(0, len(pool), count)]

    def _captions(self, item: int) -> tuple[str, ...]:
        one, row = self.places[item]
        return one.items[row].captions

    def _batch(
        self, items: NDArray[np.int64], queries: list[str], texts: list[str], rng: np.random.Generator
    ) -> Batch:
        rows = [self._frame(item, rng) for item in items]
        numbers = {pair: n for n, pair in enumerate(dict.fromkeys(zip(items.tolist(), queries, strict=True)))}
        inputs = torch.tensor([numbers[pair] for pair in zip(items.tolist(), queries, strict=True)])
        return Batch(torch.from_numpy(np.stack(rows)).float(), queries, texts, inputs)

    def _frame(self, item: int, rng: np.random.Generator) -> NDArray[np.float16]:
        one, row = self.places[item]
        frames = one.tokens[row]
        return np.asarray(frames[rng.integers(len(frames))])


def training_mixture(data: Path, features: Path) -> Mixture:
    """Return the training splits of all sets, without the part of DAQUAR that is kept for choices."""
    sets = [read_tokens(name, "train", data, features) for name in CAPTIONED]
    return Mixture([*sets, daquar_part(data, features, dev=False)])


def daquar_part(data: Path, features: Path, dev: bool) -> TokenSet:
    """Return the part of DAQUAR's training photographs for choices (`dev`), or the other one."""
    whole = read_tokens(DAQUAR, "train", data, features)
    rows = [n for n in range(len(whole.items)) if (n % DAQUAR_DEV == 0) == dev]
    return TokenSet([whole.items[n] for n in rows], whole.tokens[rows])


def _joined(one: Batch, other: Batch) -> Batch:
    inputs = torch.cat([one.inputs, other.inputs + len(one.inputs)])
    tokens = torch.cat([one.tokens, other.tokens])
    return Batch(tokens, one.queries + other.queries, one.texts + other.texts, inputs)
