"""A joint stage: the loss of a batch over all processes, by GradCache where it is embedded in parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import count
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
import torch
from torch import nn

from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.checkpoint import TrainingState
from vlret.training.joint.learning import let_learn, parameter_groups, set_training
from vlret.training.joint.module import JointModule, Part
from vlret.training.joint.parts import PartMaker
from vlret.training.losses.info_nce import MAX_SCALE
from vlret.training.losses.registry import named_loss
from vlret.training.losses.same import same_pairs
from vlret.training.pairs import PairBatch, PairLoader
from vlret.training.pairs.clip_media import stable_id
from vlret.training.parallel.gather import gathered
from vlret.training.parallel.grad_cache import Embedded, accumulate
from vlret.training.recipe_stages import JointStage
from vlret.training.schedule import warmed_up
from vlret.training.stage import Trainer

if TYPE_CHECKING:
    from accelerate import Accelerator

Step = tuple[int, PairBatch]


class JointTrainer(Trainer[Step]):
    """Predictor, Y-encoder and, if the stage says so, X-encoder of `model`, which is trained in place.

    Random numbers of a step follow from seed, step and process, as its pairs do: no state of them has to be saved.
    """

    keeps_best: ClassVar = True

    def __init__(
        self,
        stage: JointStage,
        seed: int,
        model: VLJEPAModel,
        embedder: VLJEPA,
        loader: PairLoader,
        accelerator: Accelerator,
    ) -> None:
        self.stage, self.seed, self.model = stage, seed, model
        self.loader, self.accelerator = loader, accelerator
        self.name, self.steps = stage.name, stage.steps
        self.evaluate_every, self.save_every = stage.evaluate_every, stage.save_every
        self.loss = named_loss(stage.loss).to(accelerator.device)
        self.maker = PartMaker(stage, embedder, model.x_encoder, accelerator)
        let_learn(model, stage)
        self.module, self.state = self._prepared()

    def batches(self, first_step: int) -> Iterator[Step]:
        """Yield the number of each step and the pairs of this process in it, without end."""
        return zip(count(first_step), self.loader.batches(first_step), strict=False)

    def backward(self, batch: Step) -> float:
        """Compute the gradients of the loss of all pairs of all processes."""
        step, pairs = batch
        torch.manual_seed(stable_id(self.seed, self.name, step, self.accelerator.process_index))
        set_training(self.model, self.stage)
        same = self._same(pairs)
        value = accumulate(
            self.maker.parts(pairs),
            self._embed,
            lambda prediction, target, scale: self.loss(prediction, target, scale, same),
            self._no_sync,
        )
        return value.item()

    @torch.no_grad()
    def embed(self, pairs: PairBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Return predictions and targets [n, dim], not normalised, without dropout."""
        self.model.eval()
        predictions, targets = zip(*(self.module(part) for part in self.maker.parts(pairs)), strict=True)
        return torch.cat(predictions).float(), torch.cat(targets).float()

    def _embed(self, part: Part) -> Embedded:
        prediction, target = self.module(part)
        return prediction, target, self.model.logit_scale.exp().clamp(max=MAX_SCALE)

    def _same(self, pairs: PairBatch) -> torch.Tensor:
        """Pairs of all processes that are no negatives of each other: the same clip and query, or the same text."""
        inputs = [stable_id(*one) for one in zip(pairs.media_ids, self.maker.queries(pairs), strict=True)]
        ids = (np.array(inputs, np.int64), pairs.text_ids)
        return same_pairs(*(gathered(torch.from_numpy(one).to(self.accelerator.device)) for one in ids))

    def _no_sync(self) -> AbstractContextManager[None]:
        return cast(AbstractContextManager[None], self.accelerator.no_sync(self.module))

    def _prepared(self) -> tuple[nn.Module, TrainingState]:
        """The module as DDP or FSDP wraps it, and the state of what learns."""
        plain = JointModule(self.model, self.stage.x_rate > 0)
        optimiser = torch.optim.AdamW(parameter_groups(self.model, self.stage))
        module, wrapped = self.accelerator.prepare(plain, optimiser)
        # AdamW itself: accelerate's wrapper skips steps within its own kind of accumulation
        optimiser = wrapped.optimizer
        alone = {"logit_scale": self.model.logit_scale} | {
            f"loss.{n}": p for n, p in self.loss.named_parameters()
        }
        optimiser.add_param_group(
            {"params": list(alone.values()), "lr": self.stage.rate, "weight_decay": 0.0}
        )
        schedule = warmed_up(optimiser, self.stage.schedule, self.stage.warmup, self.stage.steps)
        trained = {name: p for name, p in plain.named_parameters() if p.requires_grad} | alone
        buffers = dict(self.loss.named_buffers())
        writes = self.accelerator.is_main_process
        return module, TrainingState(trained, optimiser, schedule, buffers=buffers, writes=writes)
