"""Scores of a model on items of test or dev: CIDEr of its captions, and the names it chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from benchmarks.controlled.decoder import LONGEST
from benchmarks.controlled.pairs import TEST, Kind, flat, read_pairs
from benchmarks.controlled.token_model import TokenModel
from benchmarks.controlled.vl_jepa import SmallVLJEPA
from benchmarks.features import read_tokens
from vlret.evaluation.metrics.cider import cider
from vlret.models.captioners.text_decoder import TextDecoder
from vlret.models.class_prompts import class_embeddings
from vlret.training.text_decoder.captions import clean
from vlret.training.text_decoder.scores import greedy_texts
from vlret.types import Vectors

Floats = NDArray[np.float64]
Chooser = Callable[[NDArray[np.float16]], Floats]
"""Visual tokens [n, t, width] to the score of each name for each item, [n, names]."""
EmbedTexts = Callable[[list[str]], Vectors]
TEMPLATES = ("{}", "a {}", "a photo of a {}", "there is a {}")
"""What is put around a name; each model has the best one on dev."""
TOP = (1, 5)
_AT_ONCE = 128


@dataclass(frozen=True)
class Labelled:
    """Visual tokens float16 [items, tokens, width] of each shape, and the `names` that they are `truth` of."""

    tokens: NDArray[np.float16]
    truth: NDArray[np.int64]
    names: list[str]


@dataclass(frozen=True)
class Items:
    """What a model is scored on: captioned and labelled items by name."""

    captioned: dict[str, Kind]
    labelled: dict[str, Labelled]


def test_items(data: Path, folder: Path) -> Items:
    """The test items; of the thousand photographs of imagenet_sample every fifth, with all names."""
    kinds = dict(zip(TEST, read_pairs("test", TEST, data, folder), strict=True))
    actions = [("videos/actions", split) for split in ("train", "test")]
    labelled = {
        "caltech101": read_labelled([("photos/caltech101", "test")], data, folder),
        "imagenet_sample": read_labelled([("photos/imagenet_sample", "test")], data, folder, every=5),
        "actions": read_labelled(actions, data, folder),
    }
    return Items(kinds, labelled)


def dev_items(data: Path, folder: Path) -> Items:
    """The items that rates and templates are chosen on."""
    (photographs,) = read_pairs("dev", {"photographs": TEST["photographs"]}, data, folder)
    labelled = read_labelled([("photos/caltech101", "train")], data, folder, every=2)
    return Items({"photographs": photographs}, {"caltech101": labelled})


def read_labelled(sets: Sequence[tuple[str, str]], data: Path, folder: Path, every: int = 1) -> Labelled:
    """Return every so many-th item of splits of sets whose items have labels."""
    read = [read_tokens(name, split, data, folder) for name, split in sets]
    tokens = np.concatenate([flat(one) for one in read])
    names, truth = np.unique([item.label for one in read for item in one.items], return_inverse=True)
    return Labelled(tokens[::every], truth[::every], names.tolist())


@dataclass(frozen=True)
class JointReader:
    """A VL-JEPA: captions by a text decoder of the target space, names by cosine."""

    model: SmallVLJEPA
    decoder: TextDecoder
    tokenizer: Tokenizer
    embed_texts: EmbedTexts

    def captions(self, tokens: NDArray[np.float16]) -> list[str]:
        """Return one text for each item of tokens [n, t, width]."""
        return greedy_texts(self.decoder, self.tokenizer, LONGEST, self._predictions(tokens))

    def chooser(self, names: list[str], template: str) -> Chooser:
        """Return what scores `names`, which are embedded here, once."""
        texts = class_embeddings(self.embed_texts, names, [template])
        return lambda tokens: np.asarray(self._predictions(tokens) @ texts.T, np.float64)

    @torch.inference_mode()
    def _predictions(self, tokens: NDArray[np.float16]) -> Vectors:
        return np.concatenate([self.model(part).numpy() for part in parts(tokens)])


@dataclass(frozen=True)
class TokenReader:
    """A token model: captions by itself, names by their likelihood."""

    model: TokenModel
    tokenizer: Tokenizer

    def captions(self, tokens: NDArray[np.float16]) -> list[str]:
        """Return one text for each item of tokens [n, t, width]."""
        texts: list[str] = []
        for part in parts(tokens):
            texts += greedy_texts(self.model, self.tokenizer, LONGEST, part.numpy())
        return texts

    def chooser(self, names: list[str], template: str) -> Chooser:
        """Return what scores `names` by the mean log probability of their tokens after the words of `template`."""
        before = self._ids(template.partition("{}")[0])
        ids = [self._ids(template.format(name))[len(before) :] for name in names]

        def scores(tokens: NDArray[np.float16]) -> Floats:
            with torch.autocast("cpu", torch.bfloat16):
                rows = [self.model.name_scores(part, before, ids) for part in parts(tokens)]
            return np.asarray(torch.cat(rows).numpy(), np.float64)

        return scores

    def _ids(self, text: str) -> list[int]:
        found: list[int] = self.tokenizer.encode(clean(text), add_special_tokens=False).ids
        return found


Reader = JointReader | TokenReader


def score_items(reader: Reader, items: Items, template: str) -> dict[str, Floats]:
    """Return a score of each item under the names of `figures`: CIDEr, or 1 where the right name is in the top k."""
    found = {f"cider/{name}": caption_scores(reader, kind) for name, kind in items.captioned.items()}
    for name, labelled in items.labelled.items():
        rank = label_ranks(reader, labelled, template)
        found |= {f"top{k}/{name}": (rank < k).astype(np.float64) for k in TOP}
    return found


def caption_scores(reader: Reader, kind: Kind) -> Floats:
    """CIDEr of the caption of each item."""
    return cider(reader.captions(kind.tokens), kind.captions)


def label_ranks(reader: Reader, labelled: Labelled, template: str) -> NDArray[np.int64]:
    """How many names score as high as the right one or higher, itself not counted, for each item."""
    scores = reader.chooser(labelled.names, template)(labelled.tokens)
    right = np.take_along_axis(scores, labelled.truth[:, None], 1)
    return (scores >= right).sum(1) - 1


def parts(tokens: NDArray[np.float16]) -> Iterator[torch.Tensor]:
    """Tokens [n, t, width] as float32, a few items at a time."""
    for first in range(0, len(tokens), _AT_ONCE):
        yield torch.from_numpy(tokens[first : first + _AT_ONCE].astype(np.float32))
