"""Pairs of visual tokens and captions; what a step reads follows from the seed and the step alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.features import TokenSet, read_tokens
from vlret.training.text_decoder.captions import LONGEST_WORDS, Captions, clean, grouped

CAPTIONED = {
    "photographs": ("photos/flickr8k", "photos/web_pairs", "photos/coco_mini"),
    "clips": ("videos/msrvtt", "videos/msvd", "videos/panda70m", "videos/autoeval", "videos/prompts"),
}
"""Training sets; all tokens of a kind have one shape."""
TEST = {
    "photographs": ("photos/flickr8k",),
    "clips": ("videos/msrvtt", "videos/msvd", "videos/panda70m", "videos/autoeval"),
}


@dataclass(frozen=True)
class Kind:
    """Items whose tokens have one shape: float16 [items, tokens, width], and the captions of each."""

    tokens: NDArray[np.float16]
    captions: list[list[str]]


@dataclass(frozen=True)
class Batch:
    """Visual tokens float32 [n, tokens, width], and the position of a caption of each in `Pairs.captions.texts`."""

    tokens: torch.Tensor
    captions: NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Photographs and clips with captions, and how they are drawn: `size` of one kind at a time."""

    kinds: list[Kind]
    size: int

    @cached_property
    def captions(self) -> Captions:
        """The captions of all items, in the order of `kinds`."""
        return grouped([texts for kind in self.kinds for texts in kind.captions], [])

    @property
    def n_batches(self) -> int:
        """Steps of an epoch; an incomplete last batch of each kind is left out."""
        return sum(len(kind.captions) // self.size for kind in self.kinds)

    def batches(self, seed: int, first: int = 0) -> Iterator[Batch]:
        """The batches of a run from step `first` on, without end."""
        plan: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        for step in count(first):
            epoch, number = divmod(step, self.n_batches)
            if number == 0 or not plan:
                plan = self._plan(np.random.default_rng([seed, epoch]))
            items, captions = plan[number]
            yield Batch(self._tokens(items), captions)

    def _plan(self, rng: np.random.Generator) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Items and captions of each batch of an epoch."""
        groups, first, batches = self.captions.groups, 0, []
        for kind in self.kinds:
            order = first + rng.permutation(len(kind.captions))
            first += len(kind.captions)
            full = len(order) // self.size * self.size
            batches += np.split(order[:full], full // self.size) if full else []
        chosen = [np.array([rng.choice(groups[item]) for item in items]) for items in batches]
        return [(batches[n], chosen[n]) for n in rng.permutation(len(batches))]

    def _tokens(self, items: NDArray[np.int64]) -> torch.Tensor:
        for kind in self.kinds:
            if items[0] < len(kind.captions):
                return torch.from_numpy(kind.tokens[items].astype(np.float32))
            items = items - len(kind.captions)
        raise IndexError(items)


def read_pairs(split: str, sets: dict[str, tuple[str, ...]], data: Path, folder: Path) -> list[Kind]:
    """Return the items of a split of `sets` with their captions, a kind for each of `sets`."""
    return [joined([read_tokens(name, split, data, folder) for name in names]) for names in sets.values()]


def joined(sets: Sequence[TokenSet]) -> Kind:
    """Return the items of `sets` that have a short caption, float16 [items, tokens, width], in memory."""
    texts = [[short(item.captions) for item in one.items] for one in sets]
    chosen = [np.flatnonzero([bool(each) for each in of_set]) for of_set in texts]
    tokens = [
        one.tokens[rows].reshape(len(rows), -1, one.tokens.shape[-1])
        for one, rows in zip(sets, chosen, strict=True)
    ]
    return Kind(np.concatenate(tokens), [each for of_set in texts for each in of_set if each])


def flat(one: TokenSet) -> NDArray[np.float16]:
    """Return the tokens of all frames of an item in one row, [items, tokens, width]."""
    items, frames, places, width = one.tokens.shape
    return one.tokens.reshape(items, frames * places, width)


def short(captions: Sequence[str]) -> list[str]:
    """Return the first sentence of each caption, of those where it is not too long for a text decoder."""
    first = [caption.split(". ")[0] for caption in captions]
    return [text for text in first if 0 < len(clean(text).split()) <= LONGEST_WORDS]
