"""One real training step of a recipe's model with random weights: `python -m benchmarks.full_size_step`.

The step is that of `vlret train` (`JointTrainer`): X-encoder, predictor and Y-encoder forward, InfoNCE over the batch
in parts (GradCache), backward, clipping and AdamW. Pixels and token ids are drawn, so that no weights, tokenizers or
data are needed. What is frozen is kept in bfloat16, what learns in float32. `--width N` divides widths, heads and
vocabularies by N, for machines that have no memory for the whole model: parameters, gradients and moments of 0.8
billion weights in float32 are 12.7 GB.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, cast

import numpy as np
import torch
import typer

from benchmarks.console import launch
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.models.vljepa.processing import x_encoder_input
from vlret.training.initial import random_model
from vlret.training.joint.trainer import JointTrainer
from vlret.training.pairs import PairBatch, PairLoader
from vlret.training.processes import start_processes
from vlret.training.recipe import TrainingRecipe, read_recipe
from vlret.types import Pixels

DIVIDED = {
    "hidden_size",
    "intermediate_size",
    "vocab_size",
    "num_key_value_heads",
    "num_attention_heads",
    "head_dim",
}
TEXT_TOKENS, QUERY_TOKENS = 32, 8


@dataclass(frozen=True)
class Measured:
    """What a step was: numbers of parameters, loss, norm of all gradients, peak memory in bytes, seconds."""

    parameters: dict[str, int]
    learning: int
    loss: float
    gradient_norm: float
    peak_bytes: int
    seconds: float


def main(
    recipe: Annotated[Path, typer.Option(help="The model's recipe.")] = Path("recipes/paper/recipe.toml"),
    width: Annotated[int, typer.Option(help="Divide the model's widths by this.")] = 1,
    batch: Annotated[int, typer.Option(help="Pairs of the step.")] = 2,
    part: Annotated[int, typer.Option(help="Pairs that are embedded at once.")] = 1,
    frames: Annotated[int, typer.Option(help="Frames of a clip.")] = 1,
) -> None:
    """Take one training step on the processor and print what it took."""
    found = step(read_recipe(recipe), width, batch, part, frames)
    for tower, count in found.parameters.items():
        print(f"{tower:<14} {count / 1e6:8.1f} M parameters")
    print(f"{'learning':<14} {found.learning / 1e6:8.1f} M")
    print(f"{'loss':<14} {found.loss:8.4f}   (ln of the batch: {np.log(batch):.4f})")
    print(f"{'gradient norm':<14} {found.gradient_norm:8.4f}")
    print(f"{'peak memory':<14} {found.peak_bytes / 1e9:8.2f} GB")
    print(f"{'step':<14} {found.seconds:8.1f} s")


def step(recipe: TrainingRecipe, width: int, batch: int, part: int, frames: int) -> Measured:
    """Take one step of the first joint stage of `recipe` at a part of its width."""
    torch.manual_seed(recipe.seed)
    model = random_model(replace(recipe, model=narrowed(recipe.model, width)))
    model.x_encoder.bfloat16()
    if model.predictor.embed_tokens is not None:
        model.predictor.embed_tokens.bfloat16()
    stage = replace(recipe.joint[0], batch=batch, part=part, frames=frames, steps=1, warmup=0)
    pairs = drawn_pairs(batch, frames, model.config.resolution)
    loader = cast(PairLoader, SimpleNamespace(batches=lambda first: repeat(pairs)))
    accelerator = start_processes("cpu", recipe.dtype)
    trainer = JointTrainer(stage, recipe.seed, model, stand_in(model), loader, accelerator)
    began = time.perf_counter()
    loss = trainer.backward(next(trainer.batches(0)))
    norm = trainer.state.update()
    seconds = time.perf_counter() - began
    counts = {name: sum(p.numel() for p in tower.parameters()) for name, tower in towers(model)}
    learning = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return Measured(counts, learning, loss, norm, peak_bytes(), seconds)


def towers(model: VLJEPAModel) -> Iterator[tuple[str, torch.nn.Module]]:
    """Yield the parts of a model that are counted, the predictor's frozen token table by itself."""
    table = model.predictor.embed_tokens
    yield "X-encoder", model.x_encoder
    if table is not None:
        yield "token table", table
    yield "predictor", torch.nn.ModuleList(one for one in model.predictor.children() if one is not table)
    yield "Y-encoder", model.y_encoder


def narrowed(model: dict[str, Any], width: int) -> dict[str, Any]:
    """Return the fields of a `VLJEPAConfig` with widths, heads and vocabularies divided, at least one head each."""
    towers = {
        name: {key: max(1, value // width) if key in DIVIDED else value for key, value in field.items()}
        for name, field in model.items()
        if isinstance(field, dict)
    }
    y, before = towers["y_config"], model["y_config"]
    if "head_dim" in y:  # few wide heads: they get narrower, not fewer
        y |= {key: before[key] for key in ("num_attention_heads", "num_key_value_heads")}
    towers["predictor_config"] |= {"pad_token_id": 0}
    return {**model, **towers, "x_width": model["x_width"] // width, "dim": model["dim"] // width}


def drawn_pairs(n: int, frames: int, side: int) -> PairBatch:
    """Return pairs of noise, all different."""
    rng, ids = np.random.default_rng(0), np.arange(n, dtype=np.int64)
    pixels = list(rng.integers(0, 256, (n, frames, side, side, 3), dtype=np.uint8))
    return PairBatch(pixels, [], [f"text {i}" for i in ids], ["what?"] * n, ids, ids)


def stand_in(model: VLJEPAModel) -> VLJEPA:
    """What the trainer asks of an embedder, with drawn token ids: the tokenizers of Llama and Gemma are not needed."""
    config = model.config

    def ids(text: str, n: int, words: int) -> list[int]:
        return np.random.default_rng(list(text.encode())).integers(1, words, n).tolist()

    def normalise(clip: Pixels) -> torch.Tensor:
        return x_encoder_input(clip, config.resolution, config.resize, config.image_mean, config.image_std)

    words = (config.predictor_config if config.query_embeddings == "own" else config.y_config).vocab_size
    return cast(
        VLJEPA,
        SimpleNamespace(
            card=SimpleNamespace(text_length=config.text_length),
            tokens=lambda text, length: ids(text, TEXT_TOKENS, config.y_config.vocab_size),
            query_tokens=lambda query: ids(query, QUERY_TOKENS, words),
            torch_engine=SimpleNamespace(normalise=normalise),
        ),
    )


def peak_bytes() -> int:
    """The most memory that this process had at once."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    launch(main)
