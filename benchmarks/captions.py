"""Captions of photographs that were not trained on: `python -m benchmarks.captions --data DIR`.

CIDEr of the text decoder and of the nearest training caption over Flickr8k's test photographs, five references each,
and the objects that they invent: words of `vlret.training.questions` that no reference names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import vlret
from benchmarks.console import launch
from vlret.cli.output import show_lines
from vlret.datasets.tar_set import Item, read_items
from vlret.evaluation.metrics.cider import Floats, cider
from vlret.evaluation.metrics.statistics import bootstrap_interval, paired_test
from vlret.models.base import Embedder
from vlret.models.captioners.bank import embed_bank
from vlret.models.captioners.base import Captioner
from vlret.models.captioners.registry import load_captioner
from vlret.models.captioners.retrieval import RetrievalCaptioner
from vlret.training.data import TRAIN_SPLITS
from vlret.training.questions import may_be, things_in
from vlret.training.text_decoder.embeddings import predictions
from vlret.types import Vectors
from vlret.vectors import unit_rows

COUNTED = 200
"""Photographs whose captions are searched for invented objects."""


def main(
    data: Annotated[Path, typer.Option(help="Directory with photos/flickr8k.")] = Path("../shared/data"),
    captioner: Annotated[list[str], typer.Option(help="As for `vlret caption`; repeat it.")] = ["decoder"],  # noqa: B006
    model: Annotated[str, typer.Option(help="The embedder.")] = "vljepa-mini",
    split: Annotated[str, typer.Option(help="Split of Flickr8k; choices are made on dev.")] = "test",
    samples: Annotated[int, typer.Option(help="Captions to print, of photographs drawn at random.")] = 0,
    out: Annotated[Path, typer.Option(help="Directory for the embeddings.")] = Path("runs/captions"),
) -> None:
    """Score captioners on Flickr8k beside the nearest training caption."""
    embedder = vlret.load_model(model, dtype="float32")
    items = read_items(data / "photos/flickr8k", split=split)
    cache = out / embedder.card.weights_hash[:12]
    rows = unit_rows(predictions(items, embedder, cache, split).astype(np.float32))
    nearest = nearest_training_caption(embedder, data / "photos/flickr8k")
    captioners = {"nearest training caption": nearest}
    captioners |= {name: load_captioner(name, embedder) for name in captioner}
    texts = {name: [one.text for one in each.caption(rows)] for name, each in captioners.items()}
    show_lines(table(texts, items))
    drawn = np.random.default_rng(0).permutation(len(items))[:samples]
    show_lines(
        "\n".join(f"{items[n].name} | {' | '.join(each[n] for each in texts.values())}" for n in drawn)
    )


def nearest_training_caption(embedder: Embedder, folder: Path) -> Captioner:
    """Retrieval from the captions of the training photographs."""
    known = [item for item in read_items(folder) if item.split in TRAIN_SPLITS]
    captions = [caption for item in known for caption in item.captions]
    return RetrievalCaptioner(embed_bank(captions, embedder, "training captions"))


def table(texts: dict[str, list[str]], items: Sequence[Item]) -> str:
    """One row for each captioner; the first is what the others are compared with."""
    references = [item.captions for item in items]
    scores = {name: cider(each, references) for name, each in texts.items()}
    drawn = np.random.default_rng(1).permutation(len(items))[:COUNTED]
    lines = ["captioner | CIDEr | minus the first | invented objects | captions with one | texts"]
    first = next(iter(scores.values()))
    for name, each in texts.items():
        invented = np.array([len(invented_objects(each[n], items[n])) for n in drawn])
        lines.append(
            f"{name} | {_mean(scores[name])} | {_difference(scores[name], first)} | {_mean(invented, 2)} | "
            f"{_mean(100.0 * (invented > 0))}% | {len(set(each))}"
        )
    return "\n".join(lines)


def invented_objects(caption: str, item: Item) -> set[str]:
    """The objects that a caption names and no reference does; a child for a boy is not invented."""
    named = things_in(item.captions)
    return {thing for thing in things_in((caption,)) - named if not may_be(thing, named)}


def _mean(values: Floats | Vectors, digits: int = 1) -> str:
    low, high = bootstrap_interval(values)
    return f"{values.mean():.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _difference(scores: Floats, first: Floats) -> str:
    if scores is first:
        return ""
    paired = paired_test(scores, first)
    return f"{paired.difference:+.1f} ({paired.low:+.1f} to {paired.high:+.1f}), p {paired.p_value:.4f}"


if __name__ == "__main__":
    launch(main)
