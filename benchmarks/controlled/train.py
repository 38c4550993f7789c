"""The training loop of both models: the same batches, steps and schedule."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import nn
from tqdm import tqdm

from benchmarks.controlled.pairs import Pairs
from benchmarks.controlled.recipe import Recipe
from vlret.files import replace_file
from vlret.training.checkpoint import TrainingState

SAVE_EVERY = 128
"""Steps after which a stopped run goes on."""


def train(
    model: Any, pairs: Pairs, recipe: Recipe, rate: float, seed: int, ends: Sequence[int], folder: Path
) -> None:
    """Train `model` until it has seen the last of `ends` pairs; its weights at each are kept in `folder`.

    A stopped run resumes at the last `SAVE_EVERY` steps.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state, done = _state(model, recipe, rate), folder / "state.pt"
    step, steps = state.resume(done), ends[-1] // recipe.batch
    if weights_file(folder, ends[-1]).is_file():
        return
    stops = {end // recipe.batch: end for end in ends}
    model.train()
    batches = islice(pairs.batches(seed, step), steps - step)
    title = f"{folder.parent.name} {folder.name}"
    bar = tqdm(batches, title, total=steps, initial=step, unit="step", disable=None)
    for batch in bar:
        with torch.autocast("cpu", torch.bfloat16):
            loss = model.loss(batch)
        bar.set_postfix(loss=f"{state.step(loss):.3f}", refresh=False)
        step += 1
        if step in stops:
            replace_file(weights_file(folder, stops[step]), save(_trained(model)))
        if step in stops or step % SAVE_EVERY == 0:
            state.save(done, step)
    model.eval()


def load_weights(model: nn.Module, folder: Path, samples: int) -> None:
    """Load the weights that `train` kept after `samples` pairs."""
    weights = {name: value.float() for name, value in load_file(weights_file(folder, samples)).items()}
    model.load_state_dict(weights, strict=False)  # tied and frozen ones are not in the file
    model.eval()


def weights_file(folder: Path, samples: int) -> Path:
    """Where the weights after `samples` pairs are kept."""
    return folder / f"{samples}.safetensors"


def trainable(model: nn.Module) -> int:
    """Number of trainable parameters; tied ones count once."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def _trained(model: nn.Module) -> dict[str, torch.Tensor]:
    return {
        name: value.detach().half().contiguous()
        for name, value in model.named_parameters()
        if value.requires_grad
    }


def _state(model: nn.Module, recipe: Recipe, rate: float) -> TrainingState:
    trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
    optimiser = torch.optim.AdamW(list(trained.values()), lr=rate, weight_decay=recipe.weight_decay)
    warmup = max(1, recipe.warmup // recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1.0, (step + 1) / warmup))
    return TrainingState(trained, optimiser, schedule, np.random.default_rng(0))
