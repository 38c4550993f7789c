"""`train`: a recipe to a model directory, in stages that each resume where they were stopped."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from vlret.errors import UsageError
from vlret.index.lock import writer_lock
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.cached import FIRST_STAGES, train_cached
from vlret.training.calibration import Calibration, calibrate_on
from vlret.training.caption_stage import dev_vectors
from vlret.training.claim import claim
from vlret.training.data import check_sets
from vlret.training.export import export, write_card, write_folder
from vlret.training.initial import initial_model
from vlret.training.joint.data import StagePairs, read_stage
from vlret.training.joint.run import MODEL, STAGES, train_joint
from vlret.training.processes import start_processes, wait_for_all
from vlret.training.recipe import TrainingRecipe

if TYPE_CHECKING:
    from accelerate import Accelerator

INITIAL = "initial"


def train(recipe: TrainingRecipe, out: str | Path) -> Path:
    """Train the model of a recipe; returns the directory of the finished model.

    `out` keeps features, checkpoints, metrics and the models of the stages. A stopped run resumes when `train` is
    called again with the same arguments. Several processes, started by `accelerate launch` or `torchrun`, all
    call this.

    Raises:
        UsageError: the datasets cannot be trained on, no adapter supports the X-encoder, a stage on cached features is
            run in several processes, or `out` holds a run of another recipe.
        IndexFolderError: another training writes into `out`.
        ModelError: published weights are missing or do not match.
        MissingExtraError: a package of the extra `train` is not installed.
        VlretError: the loss is no longer a number.
    """
    accelerator, folder = start_processes(recipe.device, recipe.dtype), Path(out)
    pairs = _checked(recipe, accelerator)
    with writer_lock(folder) if accelerator.is_main_process else nullcontext():
        return _run(recipe, pairs, folder, accelerator)


def _run(
    recipe: TrainingRecipe, pairs: Mapping[str, StagePairs], folder: Path, accelerator: Accelerator
) -> Path:
    """Run all stages; returns the directory of the finished model."""
    claim(folder, recipe, FIRST_STAGES if recipe.cached else STAGES, writes=accelerator.is_main_process)
    torch.manual_seed(recipe.seed)
    if recipe.cached:
        finished = _train_cached(recipe, folder, accelerator.device)
    elif accelerator.is_main_process and not (folder / STAGES).is_dir():
        write_folder(initial_model(recipe), folder / INITIAL, recipe)
    wait_for_all()
    if recipe.joint:
        start = finished if recipe.cached else folder / INITIAL
        finished = train_joint(recipe, pairs, start, folder, accelerator)
        if accelerator.is_main_process:
            _finish(recipe, finished, folder / MODEL)
    return folder / MODEL


def _checked(recipe: TrainingRecipe, accelerator: Accelerator) -> dict[str, StagePairs]:
    """Return the pairs of each joint stage; refuse what cannot be trained on before anything is computed."""
    if recipe.cached:
        if accelerator.num_processes > 1:
            raise UsageError(
                f"The stage {recipe.cached[0].name} runs in one process, and {accelerator.num_processes} were started.",
                "Run it alone; stages of kind joint run in several.",
                code="one_process",
                stage=recipe.cached[0].name,
            )
        check_sets(recipe)
    return {
        stage.name: read_stage(stage, recipe.data.folder, accelerator.num_processes) for stage in recipe.joint
    }


def _train_cached(recipe: TrainingRecipe, folder: Path, device: torch.device) -> Path:
    """Run the stages on cached features; returns the directory of their model."""
    model = initial_model(recipe).eval().to(device)
    write_folder(model, folder / INITIAL, recipe)
    dev = train_cached(recipe, model, folder)
    finished = folder / ("cached" if recipe.joint else MODEL)
    export(model, finished, recipe)
    clips, _ = dev_vectors(model, dev)
    write_card(
        model,
        finished,
        recipe,
        calibrate_on([item.captions for item in dev.items], clips, VLJEPA(finished, recipe.device)),
    )
    return finished


def _finish(recipe: TrainingRecipe, stage: Path, folder: Path) -> None:
    """Write the model of the last joint stage as it ships, with its calibration."""
    model, card = VLJEPAModel.from_pretrained(stage), VLJEPA(stage, "cpu").card
    export(model, folder, recipe)
    write_card(model, folder, recipe, Calibration(card.temperature, card.unknown_threshold))
