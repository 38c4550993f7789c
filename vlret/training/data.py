"""Training data in memory: cached features, captions and questions, and batches of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vlret.datasets.tar_set import Item, read_items
from vlret.errors import UsageError
from vlret.evaluation.metrics.ranks import ranks
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.features import Encode, text_features, visual_features
from vlret.training.presence import presence_questions
from vlret.training.questions import Question, brought_questions, make_questions
from vlret.training.recipe import TrainingRecipe
from vlret.training.recipe_stages import QuestionStage
from vlret.types import Vectors

CAPTIONS, QUESTIONS = "captions.jsonl", "qa.jsonl"
TRAIN_SPLITS = ("train", "extra")
DEV_SPLITS = ("dev",)
POPE_CAPTIONS = 3
"""Questions as POPE draws them need photographs whose captions together name most of what is there."""
POPE_SEEDS = (1, 2)
"""Questions as POPE draws them are drawn once with each, about as many as those with balanced answers."""


@dataclass(frozen=True)
class TrainingData:
    """Features and texts of one split.

    `features` holds one array float16 [items, views, ...] per dataset of `names`, `items` all items in the same order,
    `ids` the captions' token ids and `texts` their pooled states [captions, hidden], on the device of the training;
    caption j is of item `caption_item[j]`.
    """

    names: list[str]
    items: list[Item]
    features: list[NDArray[np.float16]]
    ids: list[list[int]]
    texts: torch.Tensor
    caption_item: NDArray[np.int64]
    questions: list[Question]

    @property
    def captions(self) -> list[str]:
        """All captions in order."""
        return [caption for item in self.items for caption in item.captions]

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Captions of each item; an item's captions stand together."""
        return np.bincount(self.caption_item, minlength=len(self.items))

    @cached_property
    def caption_ids(self) -> NDArray[np.int64]:
        """A number for each caption, int64 [captions]; captions that the Y-encoder reads as equal share theirs."""
        numbers: dict[tuple[int, ...], int] = {}
        return np.array([numbers.setdefault(tuple(ids), len(numbers)) for ids in self.ids], np.int64)

    def same_captions(self, drawn: NDArray[np.int64]) -> torch.Tensor:
        """Return which of the captions `drawn` [n] are equal, bool [n, n]."""
        chosen = self.caption_ids[drawn]
        return torch.from_numpy(chosen[:, None] == chosen).to(self.texts.device)

    @cached_property
    def captioned(self) -> NDArray[np.int64]:
        """The items that have captions."""
        return np.flatnonzero(self.counts)

    def draw_captions(self, chosen: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the position of one caption of each item, at random."""
        starts = np.cumsum(self.counts) - self.counts
        return starts[chosen] + (rng.random(len(chosen)) * self.counts[chosen]).astype(np.int64)

    def visual(self, chosen: NDArray[np.int64], n_views: int, rng: np.random.Generator) -> torch.Tensor:
        """Return features float32 [n, n_views, ...] of items, views drawn at random in order."""
        rows = [self._views(item, n_views, rng) for item in chosen]
        return torch.from_numpy(np.stack(rows)).to(self.texts.device).float()

    def first_views(self) -> torch.Tensor:
        """Return features float32 [items, ...] of each item's first view, which is unchanged."""
        first = np.concatenate([array[:, 0] for array in self.features])
        return torch.from_numpy(first).to(self.texts.device).float()

    def _views(self, item: int, n_views: int, rng: np.random.Generator) -> NDArray[np.float16]:
        for array in self.features:
            if item < len(array):
                return np.asarray(array[item, np.sort(rng.integers(0, array.shape[1], n_views))])
            item -= len(array)
        raise IndexError(item)


def read_sets(recipe: TrainingRecipe, splits: Sequence[str]) -> dict[str, list[Item]]:
    """Return the items of `splits` of each of the recipe's datasets that has any."""
    sets = {name: _read(recipe.data.folder / name) for name in recipe.data.sets}
    chosen = {name: [item for item in items if item.split in splits] for name, items in sets.items()}
    return {name: items for name, items in chosen.items() if items}


def check_sets(recipe: TrainingRecipe) -> None:
    """Refuse datasets on which a training would fail after minutes: too small, no dev split, no shards.

    Raises:
        UsageError: they are; the message says which splits the datasets have, or which shard does not exist.
    """
    items = [item for name in recipe.data.sets for item in _read(recipe.data.folder / name)]
    for shard in {item.shard for item in items}:
        if not shard.is_file():
            raise UsageError(
                f"{shard} does not exist.",
                "Put it beside the JSON lines of the dataset.",
                code="file_missing",
                path=shard,
            )
    captioned = Counter(item.split for item in items if item.captions)
    n_train, n_dev = (sum(captioned[split] for split in splits) for splits in (TRAIN_SPLITS, DEV_SPLITS))
    batch = max(stage.batch for stage in recipe.cached)
    counts = ", ".join(f"{split}: {count}" for split, count in captioned.items()) or "none"
    where = f"Of the items with captions in {', '.join(recipe.data.sets)} by split ({counts})"
    if n_dev < 2:
        raise UsageError(
            f"{where} {n_dev} are for dev; two or more are needed to measure progress and fit the threshold.",
            'Set "split": "dev" for about a tenth of them, which are then not trained on.',
            code="no_dev_split",
            splits=dict(captioned),
        )
    if n_train < batch:
        raise UsageError(
            f"{where} {n_train} are for train, fewer than the largest batch, {batch}.",
            "Make batch smaller in the recipe, or add items.",
            code="too_few_items",
            splits=dict(captioned),
            batch=batch,
        )
    if recipe.stage(QuestionStage) and not _questions([item for item in items if item.split in TRAIN_SPLITS]):
        raise UsageError(
            "No question can be generated from the training items: no caption names a thing that the rules know.",
            "Remove the stage questions from the recipe, or add questions to the dataset (qa.jsonl).",
            code="no_questions",
        )


def load_data(
    sets: dict[str, list[Item]],
    encode: Encode,
    views: int,
    model: VLJEPAModel,
    embedder: VLJEPA,
    folder: Path,
) -> TrainingData:
    """Return the data of `sets`: features by `encode`, captions read by the Y-encoder; both are cached in `folder`."""
    items = [item for chosen in sets.values() for item in chosen]
    names = [f"{name.replace('/', '-')}-{chosen[0].split}" for name, chosen in sets.items()]
    features = [
        visual_features(chosen, encode, views, folder, name)
        for name, chosen in zip(names, sets.values(), strict=True)
    ]
    captions = [caption for item in items for caption in item.captions]
    ids = [embedder.tokens(caption, embedder.card.text_length) for caption in captions]
    texts = text_features(captions, ids, model.y_encoder, folder / f"texts-{items[0].split}.npy")
    owners = np.repeat(np.arange(len(items)), [len(item.captions) for item in items])
    return TrainingData(names, items, features, ids, texts, owners, _questions(items))


def item_batches(data: TrainingData, size: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return one epoch's batches: every captioned item once, in random order, an incomplete last batch left out."""
    order = rng.permutation(data.captioned)
    return [order[first : first + size] for first in range(0, len(order) - size + 1, size)]


def recall(items: Vectors, texts: Vectors, data: TrainingData) -> float:
    """Return text-to-image R@1 in per cent; `items` [items, dim] and `texts` [captions, dim] have unit length."""
    relevant = data.caption_item[:, None] == np.arange(len(items))
    return 100 * float(ranks(texts, items, relevant).hit_at(1).mean())


def _questions(items: list[Item]) -> list[Question]:
    """By rule with balanced answers, by rule as POPE draws them, and those that come with the datasets."""
    answerable = [n for n, item in enumerate(items) if len(item.captions) >= POPE_CAPTIONS]
    chosen = [items[n] for n in answerable]
    drawn = [question for seed in POPE_SEEDS for question in presence_questions(chosen, "random", seed)]
    drawn = [replace(question, item=answerable[question.item]) for question in drawn]
    return [*make_questions(items), *drawn, *brought_questions(items)]


def _read(folder: Path) -> list[Item]:
    return read_items(folder, CAPTIONS if (folder / CAPTIONS).is_file() else QUESTIONS)
