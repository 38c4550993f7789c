"""The whole comparison: rates on dev, runs of every seed, scores at every checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.controlled.evaluate import (
    TEMPLATES,
    Floats,
    Items,
    Reader,
    caption_scores,
    dev_items,
    label_ranks,
    score_items,
    test_items,
)
from benchmarks.controlled.models import TOKEN_MODEL, VL_JEPA, Workshop
from benchmarks.controlled.pairs import CAPTIONED, Pairs, read_pairs
from benchmarks.controlled.recipe import Recipe
from benchmarks.controlled.report import result_of
from benchmarks.controlled.train import load_weights, train, trainable
from benchmarks.mini.models import untouched_minilm
from vlret.files import replace_file, replacing

KINDS = (VL_JEPA, TOKEN_MODEL)


def compare(recipe: Recipe, data: Path, features: Path, out: Path) -> Iterator[dict[str, Any]]:
    """Yield the result of `recipe` up to each checkpoint; what `out` holds already is not computed again."""
    workshop, dev = prepare(recipe, data, features, out)
    return Run(workshop, dev, test_items(data, features), out / recipe.name).results()


def prepare(recipe: Recipe, data: Path, features: Path, out: Path) -> tuple[Workshop, Items]:
    """Return what makes the models of `recipe`, and the items of dev."""
    dev = dev_items(data, features)
    pairs = Pairs(read_pairs("train", CAPTIONED, data, features), recipe.batch)
    said = dev.captioned["photographs"].captions
    return Workshop(recipe, pairs, untouched_minilm(), out / "texts", said), dev


@dataclass(frozen=True)
class Run:
    """The runs of a recipe in `folder`, whose every part is kept once it is finished."""

    workshop: Workshop
    dev: Items
    test: Items
    folder: Path

    def results(self) -> Iterator[dict[str, Any]]:
        """Train and score what is missing, all seeds up to a checkpoint before the next one.

        Yields `report.result_of` the checkpoints so far.
        """
        recipe = self.workshop.recipe
        chosen = {kind: self.chosen(kind) for kind in KINDS}
        parameters = {kind: trainable(self.workshop.model(kind, 0)) for kind in KINDS}
        scores: dict[str, list[list[dict[str, Floats]]]] = {
            kind: [[] for _ in recipe.seeds] for kind in KINDS
        }
        for n in range(len(recipe.checkpoints)):
            for number, seed in enumerate(recipe.seeds):
                for kind in KINDS:
                    scores[kind][number].append(self.scores(kind, chosen[kind], seed, n))
            yield result_of(recipe, parameters, chosen, scores)

    def chosen(self, kind: str) -> dict[str, Any]:
        """The rate and the template of a model, chosen on dev, with all that was tried."""
        return kept(self.folder / slug(kind) / "chosen.json", lambda: self._choose(kind))

    def scores(self, kind: str, chosen: dict[str, Any], seed: int, n: int) -> dict[str, Floats]:
        """The scores of the items of test at the n-th checkpoint of the run of `seed`."""
        recipe, folder = self.workshop.recipe, seed_folder(self.folder, kind, seed)
        file = folder / f"{recipe.checkpoints[n]}.npz"
        if not file.is_file():
            model = self.workshop.model(kind, seed)
            train(
                model, self.workshop.pairs, recipe, chosen["rate"], seed, recipe.checkpoints[: n + 1], folder
            )
            load_weights(model, folder, recipe.checkpoints[n])
            found = score_items(self.workshop.reader(model), self.test, chosen["template"])
            with replacing(file) as out:
                np.savez(out, **found)
        return dict(np.load(file))

    def _choose(self, kind: str) -> dict[str, Any]:
        """Try each rate, then each template with the best one."""
        recipe, model = self.workshop.recipe, self.workshop.model(kind, 0)
        reader, tried = self.workshop.reader(model), {}
        for rate in recipe.rates:
            self._try(kind, rate)
            load_weights(model, self._tries(kind, rate), recipe.rate_samples)
            tried[rate] = float(caption_scores(reader, self.dev.captioned["photographs"]).mean())
        best = max(tried, key=tried.__getitem__)
        load_weights(model, self._tries(kind, best), recipe.rate_samples)
        hits = {text: self._top5(reader, text) for text in TEMPLATES}
        template = max(hits, key=hits.__getitem__)
        return {"rate": best, "template": template, "dev_cider": tried, "dev_top5": hits}

    def _try(self, kind: str, rate: float) -> None:
        recipe, model = self.workshop.recipe, self.workshop.model(kind, 0)
        ends = (recipe.rate_samples,)
        train(model, self.workshop.pairs, recipe, rate, 0, ends, self._tries(kind, rate))

    def _tries(self, kind: str, rate: float) -> Path:
        return self.folder / slug(kind) / f"rate-{rate:g}"

    def _top5(self, reader: Reader, template: str) -> float:
        return float((label_ranks(reader, self.dev.labelled["caltech101"], template) < 5).mean())


def seed_folder(folder: Path, kind: str, seed: int) -> Path:
    """Where the run of a seed is kept in the folder of a recipe."""
    return folder / slug(kind) / f"seed-{seed}"


def slug(kind: str) -> str:
    """The name of a model as that of a directory."""
    return kind.lower().replace(" ", "-")


def kept(file: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what `make` gives, which is kept as JSON in `file`."""
    if not file.is_file():
        replace_file(file, json.dumps(make(), indent=1).encode())
    found: dict[str, Any] = json.loads(file.read_text())
    return found
