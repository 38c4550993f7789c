"""Visual tokens of a frozen X-encoder: `python -m benchmarks.features --data DIR` computes all of them once.

The X-encoder is EfficientNet-Lite2 as published: it has seen no caption. A stopped run resumes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import openvino
import torch
import typer
from numpy.typing import NDArray
from torch import nn

from benchmarks.console import launch
from vlret.datasets.tar_set import Item, read_items
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.encoders import FRAMES_AT_ONCE, XEncoder, fold_batch_norms
from vlret.models.vljepa.processing import x_encoder_input
from vlret.training.adapters.efficientnet import EfficientNetAdapter
from vlret.training.data import DEV_SPLITS, TRAIN_SPLITS
from vlret.training.features import Encode, visual_features
from vlret.training.recipe import read_recipe
from vlret.types import Pixels

GRID, WIDTH = 3, 1280
"""A frame's 9 x 9 places are averaged to 3 x 3 tokens of this width."""
FRAMES = {"photos": 1, "videos": 8}
"""Frames of an item, by the directory of its set."""
SPLITS = {"train": TRAIN_SPLITS, "dev": DEV_SPLITS, "test": ("test",)}
SETS = (
    "photos/flickr8k", "photos/web_pairs", "photos/coco_mini", "videos/msrvtt", "videos/msvd", "videos/panda70m",
    "videos/autoeval", "videos/prompts", "photos/caltech101", "photos/imagenet_sample", "videos/actions",
    "photos/daquar",
)  # fmt: skip
RECIPE = Path("recipes/mini/recipe.toml")
_RECORDS = ("captions.jsonl", "labels.jsonl", "qa.jsonl")


@dataclass(frozen=True)
class TokenSet:
    """Photographs or clips and their visual tokens, float16 [items, frames, GRID * GRID, WIDTH]."""

    items: list[Item]
    tokens: NDArray[np.float16]


def read_tokens(
    name: str, split: str, data: Path, folder: Path, encode: Callable[[], Encode] | None = None
) -> TokenSet:
    """Return the tokens of a split of `SPLITS` of the set `name`; what `folder` does not hold is computed first.

    Args:
        data: directory of the sets.
        encode: makes another X-encoder than `published_encoder`.
    """
    items = _items(name, split, data)
    title, frames = f"{name.replace('/', '-')}-{split}", FRAMES[name.partition("/")[0]]
    file = folder / f"{title}.npy"
    if _is_finished(file, items):
        return TokenSet(items, np.load(file, mmap_mode="r"))
    return TokenSet(items, visual_features(items, (encode or published_encoder)(), frames, folder, title))


@cache
def published_encoder() -> Encode:
    """The frozen EfficientNet-Lite2 of `RECIPE`, by OpenVINO in bfloat16 where the processor has it."""
    recipe = read_recipe(RECIPE)
    config = VLJEPAConfig(**{**recipe.model, "grid": GRID})
    encoder = XEncoder(config).eval()
    EfficientNetAdapter().load_published(encoder, recipe.initial.x_encoder)
    fold_batch_norms(encoder)
    frames = torch.zeros(FRAMES_AT_ONCE, 3, config.resolution, config.resolution)
    properties = {"INFERENCE_PRECISION_HINT": "bf16", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    network = openvino.compile_model(
        openvino.convert_model(OneFrame(encoder), example_input=frames), "CPU", properties
    )

    how = config.resolution, config.resize, config.image_mean, config.image_std

    def encode(views: Sequence[Pixels]) -> torch.Tensor:
        inputs = [x_encoder_input(view, *how) for view in views]
        parts = torch.cat(inputs).split(FRAMES_AT_ONCE)
        return torch.cat([torch.from_numpy(network(part.numpy())[0]) for part in parts])

    return encode


class OneFrame(nn.Module):
    """An X-encoder on frames [n, 3, side, side], to tokens [n, GRID * GRID, WIDTH]."""

    def __init__(self, encoder: XEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Return the tokens of each frame."""
        return self.encoder(frames[:, None])  # type: ignore[no-any-return]


def main(
    data: Annotated[Path, typer.Option(help="Directory with photos/ and videos/.")] = Path("../shared/data"),
    out: Annotated[Path, typer.Option(help="Directory for the tokens.")] = Path("runs/features"),
) -> None:
    """Compute the visual tokens of all sets, training splits first."""
    for split in SPLITS:
        for name in SETS:
            if _items(name, split, data):
                read_tokens(name, split, data, out)


def _is_finished(file: Path, items: Sequence[Item]) -> bool:
    """Whether `visual_features` has written all of `items` to `file`: then no encoder is needed."""
    stamp = file.with_suffix(".json")
    wanted = {"done": len(items), "names": [item.name for item in items]}
    return stamp.is_file() and bool(json.loads(stamp.read_text()) == wanted)


def _items(name: str, split: str, data: Path) -> list[Item]:
    records = next((file for file in _RECORDS if (data / name / file).is_file()), _RECORDS[0])
    return [item for item in read_items(data / name, records) if item.split in SPLITS[split]]


if __name__ == "__main__":
    launch(main)
