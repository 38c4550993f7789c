"""Joint stages one after the other, each from the directory of a model to another one."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vlret.files import replace_file
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.calibration import calibrate_on
from vlret.training.export import write_card, write_folder
from vlret.training.joint.data import StagePairs, make_loader, skipped_lines
from vlret.training.joint.recall import DevEmbeddings, embed_dev
from vlret.training.joint.trainer import JointTrainer
from vlret.training.loop import run_stage
from vlret.training.processes import wait_for_all
from vlret.training.recipe import TrainingRecipe
from vlret.training.recipe_stages import JointStage

if TYPE_CHECKING:
    from accelerate import Accelerator

    from vlret.training.pairs import PairLoader, PairSet

STAGES, MODEL, DONE = "stages", "model", "done.json"
log = logging.getLogger(__name__)


def train_joint(
    recipe: TrainingRecipe,
    pairs: Mapping[str, StagePairs],
    start: Path,
    folder: Path,
    accelerator: Accelerator,
) -> Path:
    """Run the joint stages of a recipe from the model in `start`; returns the directory of the last one's model.

    Each leaves its model, calibrated, in `folder`/stages/NAME/model; one that is done is not run again. All processes
    have to call this.
    """
    for stage in recipe.joint:
        done = folder / STAGES / stage.name
        if not (done / DONE).is_file():
            _Run(recipe, stage, pairs[stage.name], start, done, accelerator).train(folder)
            wait_for_all()
        start = done / MODEL
    return start


@dataclass(frozen=True)
class _Run:
    """One stage: from the model in `start` to that in `folder`."""

    recipe: TrainingRecipe
    stage: JointStage
    pairs: StagePairs
    start: Path
    folder: Path
    accelerator: Accelerator

    def train(self, log_folder: Path) -> None:
        model = VLJEPAModel.from_pretrained(self.start).to(self.accelerator.device)
        embedder = VLJEPA(self.start, "cpu")  # its towers stay unloaded
        loader, dev = (self._loader(sets, embedder) for sets in (self.pairs.train, self.pairs.dev))
        trainer = JointTrainer(self.stage, self.recipe.seed, model, embedder, loader, self.accelerator)

        def measured() -> DevEmbeddings:
            return embed_dev(trainer.embed, dev, self.accelerator.device)

        run_stage(trainer, lambda: measured().recall(), self.folder, log_folder)
        for line in (*skipped_lines(loader), *skipped_lines(dev)):
            log.warning("%s", line)
        found, weights = measured(), trainer.state.weights()
        if self.accelerator.is_main_process:
            self._save({name: weights[name] for name in weights if not name.startswith("loss.")}, found)

    def _loader(self, sets: list[PairSet], embedder: VLJEPA) -> PairLoader:
        accelerator = self.accelerator
        size, rank = embedder.card.decode_size, accelerator.process_index
        return make_loader(sets, self.stage, self.recipe.seed, size, rank, accelerator.num_processes)

    def _save(self, weights: Mapping[str, object], dev: DevEmbeddings) -> None:
        """Write the model that the stage started from with what it learned, and what dev says of it."""
        model, folder = VLJEPAModel.from_pretrained(self.start), self.folder / MODEL
        model.load_state_dict(weights, strict=False)
        write_folder(model, folder, self.recipe)
        items = self.pairs.items(dev.media_ids)
        write_card(model, folder, self.recipe, calibrate_on(items, dev.clips, VLJEPA(folder, "cpu")))
        replace_file(self.folder / DONE, json.dumps({"dev_r1": round(dev.recall(), 3)}).encode())
