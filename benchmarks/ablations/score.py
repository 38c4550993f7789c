"""What a trained setting is scored on: labels, texts to clips, and questions, as right or wrong for each query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from benchmarks.ablations.data import DAQUAR, daquar_part
from benchmarks.ablations.train import Run
from benchmarks.features import TokenSet, read_tokens
from vlret.evaluation.metrics.ranks import ranks
from vlret.training.presence import SETTINGS, presence_questions

PROMPTS = ("{}", "a photo of a {}.", "a video of a {}.")
CAPTIONS = 5
PRESENCE_PHOTOS = 400
"""Photographs of Flickr8k that are asked about."""
AT_ONCE = 256
CLIP_FRAMES = slice(None, None, 2)
"""Of the eight frames of a clip, every second one is seen."""
CLIPS = ("videos/msrvtt", "videos/msvd", "videos/panda70m", "videos/autoeval")
COLUMNS = {"class": "class ", "retrieval": "retrieval ", "vqa": "vqa "}
"""The columns of the table, each the mean over the sets whose names begin so."""


@dataclass(frozen=True)
class Scored:
    """`hits` float64 [n] in 0..1, one for each query; `groups` int64 [n], equal for queries of one item."""

    hits: NDArray[np.float64]
    groups: NDArray[np.int64]


@dataclass(frozen=True)
class Sets:
    """The sets of one split, `dev` or `test`."""

    data: Path
    features: Path
    split: str

    @cached_property
    def labelled(self) -> dict[str, TokenSet]:
        """Of caltech101, which has no dev split, dev is the training split."""
        if self.split == "dev":
            return {"caltech101": self._read("photos/caltech101", "train")}
        return {name: self._read(f"photos/{name}", "test") for name in ("caltech101", "imagenet_sample")}

    @cached_property
    def captioned(self) -> dict[str, list[TokenSet]]:
        """Pools of captioned items; the clips of all sets are one pool, and have no dev split."""
        pools = {name: [self._read(f"photos/{name}", self.split)] for name in ("flickr8k", "web_pairs")}
        if self.split == "test":
            pools["clips"] = [self._read(name, "test") for name in CLIPS]
        return pools

    @cached_property
    def rooms(self) -> TokenSet:
        """The photographs of DAQUAR."""
        if self.split == "dev":
            return daquar_part(self.data, self.features, dev=True)
        return self._read(DAQUAR, "test")

    @cached_property
    def answers(self) -> list[str]:
        """The first answers to all questions of DAQUAR's training split: the candidates."""
        items = self._read(DAQUAR, "train").items
        return sorted({answers[0] for item in items for _, answers in item.questions})

    def _read(self, name: str, split: str) -> TokenSet:
        return read_tokens(name, split, self.data, self.features)


@torch.inference_mode()
def score(run: Run, sets: Sets) -> dict[str, Scored]:
    """Return what is right, by set."""
    run.eval()
    found = {f"class {name}": _label(run, one) for name, one in sets.labelled.items()}
    found |= {f"retrieval {name}": _retrieve(run, pool) for name, pool in sets.captioned.items()}
    flickr = sets.captioned["flickr8k"][0]
    found |= {f"vqa presence, {setting}": _presence(run, flickr, setting) for setting in SETTINGS}
    return found | {"vqa daquar": _rooms(run, sets)}


def _label(run: Run, labelled: TokenSet) -> Scored:
    names = sorted({item.label for item in labelled.items})
    texts = _texts(run, [prompt.format(name) for name in names for prompt in PROMPTS])
    classes = functional.normalize(texts.unflatten(0, (len(names), len(PROMPTS))).mean(1), dim=-1)
    best = (_clips(run, labelled) @ classes.T).argmax(1)
    right = [names[n] == item.label for n, item in zip(best.tolist(), labelled.items, strict=True)]
    return _scored(right, range(len(right)))


def _retrieve(run: Run, pool: Sequence[TokenSet]) -> Scored:
    items = [item for one in pool for item in one.items]
    vectors = torch.cat([_clips(run, one) for one in pool])
    texts = [(text, number) for number, item in enumerate(items) for text in item.captions[:CAPTIONS]]
    owners = np.array([number for _, number in texts])
    queries = _texts(run, [text for text, _ in texts])
    hits = ranks(queries.numpy(), vectors.numpy(), owners[:, None] == np.arange(len(items))).hit_at(1)
    return _scored(hits, owners)


def _presence(run: Run, photos: TokenSet, setting: str) -> Scored:
    asked = presence_questions(photos.items[:PRESENCE_PHOTOS], setting)
    rows = [(q.item, q.question, (q.answer,)) for q in asked]
    return _answered(run, photos, rows, ["no", "yes"])


def _rooms(run: Run, sets: Sets) -> Scored:
    rows = [(n, *pair) for n, item in enumerate(sets.rooms.items) for pair in item.questions]
    return _answered(run, sets.rooms, rows, sets.answers)


def _answered(
    run: Run, photos: TokenSet, asked: Sequence[tuple[int, str, tuple[str, ...]]], candidates: list[str]
) -> Scored:
    """Whether the candidate nearest to the prediction for each (photograph, question, answers) is an answer."""
    table, right = _texts(run, candidates), []
    for first in range(0, len(asked), AT_ONCE):
        part = asked[first : first + AT_ONCE]
        tokens = _tokens(photos, [number for number, _, _ in part])
        best = (run.predict(tokens, [question for _, question, _ in part]) @ table.T).argmax(1)
        right += [candidates[n] in answers for n, (_, _, answers) in zip(best.tolist(), part, strict=True)]
    return _scored(right, [number for number, _, _ in asked])


def _clips(run: Run, one: TokenSet) -> torch.Tensor:
    """Predictions without a query for all items of a set, unit length."""
    parts = [range(len(one.items))[first : first + AT_ONCE] for first in range(0, len(one.items), AT_ONCE)]
    rows = torch.cat([run.predict(_tokens(one, part), [""] * len(part)) for part in parts])
    return functional.normalize(rows, dim=-1)


def _tokens(one: TokenSet, rows: Sequence[int]) -> torch.Tensor:
    frames = one.tokens[np.asarray(rows)]
    seen = frames[:, CLIP_FRAMES] if frames.shape[1] > 1 else frames
    return torch.from_numpy(np.asarray(seen)).flatten(1, 2).float()


def _texts(run: Run, texts: Sequence[str]) -> torch.Tensor:
    return functional.normalize(run.embed(texts), dim=-1)


def _scored(hits: Sequence[bool] | NDArray[np.float64], groups: Sequence[int] | NDArray[np.int64]) -> Scored:
    return Scored(np.asarray(hits, np.float64), np.asarray(groups, np.int64))
