"""What a caption and a label cost: `python -m benchmarks.controlled.cost RECIPE`, after the runs of seed 0.

Milliseconds of one item at a time in one thread, the median over test photographs. Both models share the encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import torch
import typer

from benchmarks.console import launch
from benchmarks.controlled.compare import KINDS, prepare, seed_folder
from benchmarks.controlled.evaluate import Labelled, Reader, read_labelled
from benchmarks.controlled.recipe import read_recipe
from benchmarks.controlled.train import load_weights
from benchmarks.features import published_encoder
from vlret.cli.output import show_lines

ITEMS = 30
SIDE = 260
SETS = ("caltech101", "imagenet_sample")


def main(
    recipe: Annotated[Path, typer.Argument(help="TOML file of a comparison whose runs are finished.")],
    data: Annotated[Path, typer.Option(help="Directory with photos/ and videos/.")] = Path("../shared/data"),
    features: Annotated[Path, typer.Option(help="Directory of the visual tokens.")] = Path("runs/features"),
    out: Annotated[Path, typer.Option(help="Directory of the runs.")] = Path("runs/controlled"),
) -> None:
    """Measure both models of RECIPE on this machine."""
    torch.set_num_threads(1)
    chosen = read_recipe(recipe)
    workshop, _ = prepare(chosen, data, features, out)
    labelled = {name: read_labelled([(f"photos/{name}", "test")], data, features) for name in SETS}
    encode, picture = published_encoder(), np.zeros((1, SIDE, SIDE, 3), np.uint8)
    rows = {"encoder, one frame": median_ms(lambda _: encode([picture]), range(ITEMS))}
    for kind in KINDS:
        model = workshop.model(kind, 0)
        load_weights(model, seed_folder(out / chosen.name, kind, 0), chosen.checkpoints[-1])
        rows |= {f"{kind}: {what}": ms for what, ms in costs(workshop.reader(model), labelled).items()}
    show_lines("\n".join(f"{what} | {ms:.2f}" for what, ms in rows.items()))


def costs(reader: Reader, labelled: Mapping[str, Labelled]) -> dict[str, float]:
    """Milliseconds an item from its visual tokens on, of a caption and of a label among the names of each set.

    A VL-JEPA embeds the names once for all items, which is not counted.
    """
    tokens = next(iter(labelled.values())).tokens[:ITEMS, None]
    found = {"caption": median_ms(reader.captions, tokens)}
    for name, one in labelled.items():
        found[f"label of {len(one.names)} ({name})"] = median_ms(reader.chooser(one.names, "{}"), tokens)
    return found


def median_ms(call: Callable[[Any], object], items: Any) -> float:
    """Median milliseconds of `call` of each of `items`, after the first ones."""
    times = []
    for item in items:
        start = perf_counter()
        call(item)
        times.append(perf_counter() - start)
    return 1000 * float(np.median(times[len(times) // 4 :]))


if __name__ == "__main__":
    launch(main)
