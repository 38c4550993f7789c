"""The captions that a text decoder learns to write, by the image that they describe."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlret.datasets.files import DatasetError
from vlret.datasets.tar_set import Item, read_items
from vlret.errors import UsageError
from vlret.training.data import DEV_SPLITS, TRAIN_SPLITS
from vlret.training.text_decoder.recipe import DecoderData

LONGEST_WORDS = 30
"""Captions of more words are left out: they tell what no picture of a moment shows."""


@dataclass(frozen=True)
class Captions:
    """Captions without repetitions, and which of them describe one and the same image.

    Attributes:
        texts: each caption once, in lower case: what the decoder writes.
        originals: the same as they were first written: what is embedded.
        groups: the captions of each image, as positions in `texts`; those of `items` first.
        items: images of which a prediction can be made.
    """

    texts: list[str]
    originals: list[str]
    groups: list[NDArray[np.int64]]
    items: list[Item]

    @property
    def pairs(self) -> NDArray[np.int64]:
        """Each caption of each image: int64 [n, 2], the image's group and the caption."""
        rows = [(number, caption) for number, group in enumerate(self.groups) for caption in group]
        return np.array(rows, np.int64).reshape(-1, 2)

    @property
    def of_items(self) -> Captions:
        """Only the images of which a prediction can be made, with their captions."""
        return replace(self, groups=self.groups[: len(self.items)])


def training_captions(data: DecoderData) -> Captions:
    """Return the captions of the training splits of `data.sets`, and of `data.sentences`.

    Raises:
        UsageError: a file is missing, or there is no caption.
        DatasetError: a row is not as it should be.
    """
    items = [item for name in data.sets for item in _items(data.folder / name, TRAIN_SPLITS)]
    sentences = [group for name in data.sentences for group in _sentences(data.folder / name)]
    captions = grouped([*(item.captions for item in items), *sentences], items)
    if not captions.texts:
        raise UsageError(
            f"{', '.join((*data.sets, *data.sentences))} of {data.folder} have no caption to train on.",
            "Give captions of the split train.",
            code="too_few_items",
        )
    return captions


def dev_items(data: DecoderData) -> list[Item]:
    """Return the images of the dev splits that have two captions or more: CIDEr needs several.

    Raises:
        UsageError: there are fewer than two.
    """
    items = [item for name in data.sets for item in _items(data.folder / name, DEV_SPLITS)]
    several = [item for item in items if len(item.captions) > 1]
    if len(several) < 2:
        raise UsageError(
            f"{', '.join(data.sets)} have {len(several)} images of split dev with two captions or more.",
            'Set "split": "dev" for some of them: they choose the best epoch.',
            code="no_dev_split",
        )
    return several


def grouped(groups: Iterable[Sequence[str]], items: list[Item]) -> Captions:
    """Return the captions of images, `items` first; a caption that stands twice is kept once for all images."""
    originals: dict[str, str] = {}
    places: dict[str, int] = {}
    rows = []
    for group in groups:
        texts = {clean(text): text for text in reversed(group)}
        kept = [text for text in reversed(texts) if 0 < len(text.split()) <= LONGEST_WORDS]
        rows.append(np.array([places.setdefault(text, len(places)) for text in kept], np.int64))
        originals |= {text: texts[text] for text in kept if text not in originals}
    return Captions(list(places), list(originals.values()), rows, items)


def clean(text: str) -> str:
    """Return a caption in lower case, without full stops, quotation marks and repeated blanks."""
    for mark in '."\u201c\u201d':
        text = text.replace(mark, " ")
    return " ".join(text.lower().split())


def _items(folder: Path, splits: Sequence[str]) -> list[Item]:
    return [item for item in read_items(folder) if item.split in splits and item.captions]


def _sentences(file: Path) -> Iterator[list[str]]:
    if not file.is_file():
        raise UsageError(
            f"{file} does not exist.",
            "Give a JSON Lines file of captions.",
            code="file_missing",
            path=file,
        )
    open_ = gzip.open if file.suffix == ".gz" else open
    with open_(file, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield [str(text) for text in json.loads(line)["captions"]]
            except (ValueError, KeyError, TypeError) as error:
                raise DatasetError(
                    f"Line {number} of {file} has no list of captions.",
                    "Fix that line.",
                    code="invalid_row",
                    path=file,
                    row=number,
                ) from error
