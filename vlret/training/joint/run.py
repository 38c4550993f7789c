"""Joint stages one after the other, each from the directory of a model to another one."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vlret.files import replace_file
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.models.vljepa.registry import tower_file
from vlret.models.weights import sha256
from vlret.training.calibration import calibrate_on
from vlret.training.export import write_card, write_folder
from vlret.training.joint.data import StagePairs, skipped_lines
from vlret.training.joint.parts import PartMaker
from vlret.training.joint.recall import DevEmbeddings, embed_dev
from vlret.training.joint.trainer import JointTrainer
from vlret.training.loop import run_stage
from vlret.training.pairs import CachedTokens, PairLoader, PairSet, make_tokens
from vlret.training.processes import wait_for_all
from vlret.training.recipe import TrainingRecipe
from vlret.training.recipe_stages import JointStage

if TYPE_CHECKING:
    from accelerate import Accelerator

STAGES, TOKENS, MODEL, DONE = "stages", "tokens", "model", "done.json"
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
        accelerator = self.accelerator
        model = VLJEPAModel.from_pretrained(self.start).to(accelerator.device)
        embedder = VLJEPA(self.start, "cpu")  # its towers stay unloaded
        loader, dev = self._loaders(model, embedder)
        trainer = JointTrainer(self.stage, self.recipe.seed, model, embedder, loader, accelerator)

        def measured() -> DevEmbeddings:
            return embed_dev(trainer.embed, dev, accelerator.device)

        run_stage(trainer, lambda: measured().recall(), self.folder, log_folder)
        found, weights = measured(), trainer.state.weights()
        accelerator.free_memory()  # it keeps the model otherwise
        if accelerator.is_main_process:
            for line in (*skipped_lines(loader, accelerator.num_processes), *skipped_lines(dev, 1)):
                log.warning("%s", line)
            self._save({name: weights[name] for name in weights if not name.startswith("loss.")}, found)

    def _loaders(self, model: VLJEPAModel, embedder: VLJEPA) -> tuple[PairLoader, PairLoader]:
        """The loaders of this process for training and dev; cached tokens are made first."""
        stage, accelerator, tokens = self.stage, self.accelerator, None
        if stage.cache_tokens:
            tokens = self._tokens(PartMaker(stage, embedder, model.x_encoder, accelerator))

        def loader(sets: list[PairSet], batch: int, weights: tuple[float, ...]) -> PairLoader:
            return PairLoader(
                sets, stage.frames, batch, self.recipe.seed, weights=weights, size=embedder.card.decode_size,
                rank=accelerator.process_index, n_processes=accelerator.num_processes, tokens=tokens,
            )  # fmt: skip

        # a dev batch is one part in each process: all have to do as many forward passes
        dev_batch = stage.part * accelerator.num_processes
        return loader(self.pairs.train, stage.batch, stage.weights), loader(self.pairs.dev, dev_batch, ())

    def _tokens(self, maker: PartMaker) -> CachedTokens:
        """The visual tokens of all clips; those that are not there yet are made by all processes."""
        folder, card = self.folder.parent.parent / TOKENS, maker.embedder.card
        made_by = {
            "x_encoder": sha256([tower_file(self.start, "x_encoder")]),
            "frames": self.stage.frames, "resolution": card.resolution, "resize": card.resize,
            "dtype": self.accelerator.mixed_precision,
        }  # fmt: skip
        skipped = make_tokens(
            [*self.pairs.train, *self.pairs.dev], maker.arrays, folder, made_by, self.stage.frames,
            size=card.decode_size, rank=self.accelerator.process_index, n_processes=self.accelerator.num_processes,
        )  # fmt: skip
        for line in skipped.lines():
            log.warning("%s", line)
        wait_for_all()
        return CachedTokens(folder, made_by)

    def _save(self, weights: Mapping[str, object], dev: DevEmbeddings) -> None:
        """Write the model that the stage started from with what it learned, and what dev says of it."""
        model, folder = VLJEPAModel.from_pretrained(self.start), self.folder / MODEL
        model.load_state_dict({**model.state_dict(), **weights})
        # a model answers by default what it was trained on last
        until = replace(self.recipe, stages=self.recipe.stages[: self.recipe.stages.index(self.stage) + 1])
        write_folder(model, folder, until)
        captions = self.pairs.captions(dev.media_ids)
        write_card(model, folder, until, calibrate_on(captions, dev.clips, VLJEPA(folder, "cpu")))
        replace_file(self.folder / DONE, json.dumps({"dev_r1": round(dev.recall(), 3)}).encode())
