"""The plain CLIP-style baseline: mean of the frames' features, one linear layer a side, the same loss and data.

`python -m benchmarks.mini.baseline --run runs/mini` trains it on the features that a run of `vlret train` left;
`python -m benchmarks.mini` scores it like the model. With `--untouched` the towers are the published ones; add
`--model benchmarks.mini.models:baseline_on_published_towers` to score it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from benchmarks.console import launch
from benchmarks.mini.models import HEADS, PUBLISHED_HEADS
from vlret.errors import UsageError
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.cached import activations, with_towers
from vlret.training.checkpoint import TrainingState, one_cycle
from vlret.training.data import TrainingData, item_batches, recall
from vlret.training.losses.info_nce import caption_loss
from vlret.training.recipe import read_recipe
from vlret.training.recipe_stages import CaptionStage


class LinearTrainer:
    """Two linear layers and a temperature, trained like the model's caption stage."""

    def __init__(
        self, data: TrainingData, dim: int, epochs: int, batch: int, rate: float, dropout: float
    ) -> None:
        self.data, self.batch, self.dropout = data, batch, dropout
        self.visual = nn.Linear(data.features[0].shape[-1], dim)
        self.text = nn.Linear(data.texts.shape[1], dim)
        self.scale = nn.Parameter(torch.tensor(2.6592))
        trained = {"scale": self.scale}
        for name, layer in (("visual", self.visual), ("text", self.text)):
            trained |= {f"{name}.{key}": p for key, p in layer.named_parameters()}
        steps = epochs * (len(data.captioned) // batch)
        optimiser, schedule = one_cycle([(list(trained.values()), rate)], steps, weight_decay=0.05)
        self.state = TrainingState(trained, optimiser, schedule, np.random.default_rng(0))

    def step(self, items: NDArray[np.int64]) -> float:
        """One step on a batch of items."""
        seen = functional.dropout(self.data.visual(items, 1, self.state.rng).mean((1, 2)), self.dropout)
        drawn = self.data.draw_captions(items, self.state.rng)
        prediction = functional.normalize(self.visual(seen), dim=-1)
        target = self.text(functional.dropout(self.data.texts[drawn], 0.1))
        return self.state.step(caption_loss(prediction, target, self.scale, self.data.same_captions(drawn)))

    @torch.inference_mode()
    def recall(self, dev: TrainingData) -> float:
        """Text-to-image R@1 in per cent over dev items."""
        items = functional.normalize(self.visual(dev.first_views().mean(1)), dim=-1)
        return recall(items.numpy(), functional.normalize(self.text(dev.texts), dim=-1).numpy(), dev)


def main(
    recipe: Annotated[Path, typer.Option(help="The run's recipe.")] = Path("recipes/mini/recipe.toml"),
    run: Annotated[Path, typer.Option(help="Folder of a finished `vlret train`.")] = Path("runs/mini"),
    untouched: Annotated[bool, typer.Option(help="On the published towers, not the adapted ones.")] = False,
    out: Annotated[Path, typer.Option(help="File for the trained layers.")] = HEADS,
) -> None:
    """Train the linear baseline and save its layers in OUT, or on published towers in RUN."""
    choices = read_recipe(recipe)
    towers = run / ("initial" if untouched else "towers")
    if not towers.is_dir():
        raise UsageError(
            f"{run} holds no finished run.", "Run `make mini`, or name a run's folder with --run."
        )
    features = run / ("features-untouched" if untouched else "features")
    published, model = (VLJEPAModel.from_pretrained(folder).eval() for folder in (run / "initial", towers))
    data, dev = (
        with_towers(part, model, VLJEPA(towers), features) for part in activations(choices, published, run)
    )
    stage = choices.stage(CaptionStage)
    if stage is None:
        raise UsageError(
            f"{recipe} has no stage of kind captions.", "Give the recipe of the run.", code="no_stage"
        )
    dim = choices.model["dim"]
    trainers = [_trained(data, dev, dim, stage, dropout) for dropout in (0.1, 0.3, 0.5)]
    best = max(trainers, key=lambda trainer: trainer.recall(dev))
    layers = {name: p.detach().half() for name, p in best.state.trained.items() if name != "scale"}
    save_file(layers, run / PUBLISHED_HEADS if untouched else out)


def _trained(
    data: TrainingData, dev: TrainingData, dim: int, stage: CaptionStage, dropout: float
) -> LinearTrainer:
    torch.manual_seed(0)
    trainer = LinearTrainer(data, dim, stage.epochs, stage.batch, stage.rate, dropout)
    for _ in tqdm(range(stage.epochs), desc=f"dropout {dropout}", disable=None):
        for items in item_batches(data, trainer.batch, trainer.state.rng):
            trainer.step(items)
    print(f"dropout {dropout}: dev R@1 {trainer.recall(dev):.2f}")
    return trainer


if __name__ == "__main__":
    launch(main)
