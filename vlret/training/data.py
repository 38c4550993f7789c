"""Training data in memory: cached features, captions and questions, and batches of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vlret.datasets.tar_set import Item, read_items
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.features import text_features, visual_features
from vlret.training.questions import Question, make_questions
from vlret.training.recipe import Recipe

CAPTIONS, QUESTIONS = "captions.jsonl", "qa.jsonl"
TRAIN_SPLITS = ("train", "extra")
FRAME_CHOICES = (1, 1, 2, 4)
"""Frames of a batch: mostly one, as photographs are; several so that time does not confuse."""


@dataclass(frozen=True)
class TrainingData:
    """Features and texts of one split.

    `features` holds one array float16 [items, views, tokens, width] a set, `items` all items in the same
    order, `texts` the pooled states [captions, hidden], caption j being of item `caption_item[j]`.
    """

    items: list[Item]
    features: list[NDArray[np.float16]]
    texts: torch.Tensor
    caption_item: NDArray[np.int64]
    questions: list[Question]

    def visual(self, chosen: NDArray[np.int64], n_frames: int, rng: np.random.Generator) -> torch.Tensor:
        """Visual tokens float32 [n, n_frames * tokens, width] of items, views drawn at random in order."""
        rows = [self._views(item, n_frames, rng) for item in chosen]
        return torch.from_numpy(np.stack(rows).astype(np.float32)).flatten(1, 2)

    def _views(self, item: int, n_frames: int, rng: np.random.Generator) -> NDArray[np.float16]:
        for array in self.features:
            if item < len(array):
                return np.asarray(array[item, np.sort(rng.integers(0, array.shape[1], n_frames))])
            item -= len(array)
        raise IndexError(item)


def load_data(
    recipe: Recipe, splits: Sequence[str], model: VLJEPAModel, embedder: VLJEPA, folder: Path
) -> TrainingData:
    """Read the recipe's sets and compute, or find in `folder`, what the frozen towers say of them."""
    items: list[Item] = []
    features = []
    for name in recipe.sets:
        chosen = [item for item in _read(recipe.data / name) if item.split in splits]
        if chosen:
            items += chosen
            features.append(
                visual_features(chosen, embedder, folder, f"{name.replace('/', '-')}-{splits[0]}")
            )
    captions = [caption for item in items for caption in item.captions]
    ids = [embedder.tokens(caption, embedder.card.text_length) for caption in captions]
    texts = text_features(captions, model, ids, folder / f"texts-{splits[0]}.npy")
    owners = np.repeat(np.arange(len(items)), [len(item.captions) for item in items])
    return TrainingData(items, features, texts, owners, make_questions(items, recipe.seed))


def caption_batches(
    data: TrainingData, size: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(items, captions) of one epoch: every captioned item once, with one of its captions at random."""
    counts = np.bincount(data.caption_item, minlength=len(data.items))
    starts = np.cumsum(counts) - counts
    order = rng.permutation(np.flatnonzero(counts))
    for first in range(0, len(order) - size + 1, size):
        chosen = order[first : first + size]
        yield chosen, starts[chosen] + (rng.random(size) * counts[chosen]).astype(np.int64)


def _read(folder: Path) -> list[Item]:
    return read_items(folder, CAPTIONS if (folder / CAPTIONS).is_file() else QUESTIONS)
