"""One run: a setting and a seed to a trained model, resumed where it was stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from tqdm import tqdm

from benchmarks.ablations.data import Batch, Mixture
from benchmarks.ablations.settings import Setting
from vlret.models.vljepa.load_towers import padded
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.checkpoint import TrainingState, one_cycle
from vlret.training.features import PAD, pool_texts
from vlret.training.losses.base import Loss
from vlret.training.losses.info_nce import MAX_SCALE
from vlret.training.losses.registry import named_loss
from vlret.training.losses.same import same_pairs

SAVE_EVERY = 50
Tokenise = Callable[[str], list[int]]


@dataclass(frozen=True)
class Plan:
    """How every setting is trained: steps of `batch` pairs, `pretraining` steps of captions where it has them."""

    steps: int = 200
    pretraining: int = 200
    batch: int = 128
    rate: float = 1e-3
    weight_decay: float = 0.05


class Run(nn.Module):
    """The model of a setting with its loss."""

    def __init__(self, setting: Setting, plan: Plan, model: VLJEPAModel, tokenise: Tokenise) -> None:
        super().__init__()
        self.setting, self.plan, self.model, self.tokenise = setting, plan, model, tokenise
        self.loss: Loss = named_loss(setting.loss)

    def train_on(self, mixture: Mixture, file: Path, seed: int) -> None:
        """Train to the end, resuming at the last state in `file`."""
        first = self.plan.pretraining if self.setting.pretrained else 0
        total = first + self.plan.steps
        torch.manual_seed(seed)
        state = self._state(total, seed)
        done = state.resume(file)
        for step in tqdm(range(done, total), initial=done, total=total, desc=file.stem, disable=None):
            draw = mixture.captions if step < first else mixture.mixed
            state.step(self.batch_loss(draw(self.plan.batch, state.rng)))
            if (step + 1) % SAVE_EVERY == 0 or step + 1 == total:
                state.save(file, step + 1)

    def batch_loss(self, batch: Batch) -> torch.Tensor:
        """Return the loss of a batch."""
        prediction = self.predict(batch.tokens, batch.queries)
        target, numbers = self._targets(batch.texts)
        scale = self.model.logit_scale.exp().clamp(max=MAX_SCALE)
        return self.loss(prediction, target[numbers], scale, same_pairs(batch.inputs, numbers))

    def predict(self, tokens: torch.Tensor, queries: Sequence[str]) -> torch.Tensor:
        """Return predictions [n, dim], not normalised, of visual tokens [n, count, width]; "" is no query."""
        seen = tokens.new_ones(tokens.shape[:2], dtype=torch.bool)
        with _fast():
            if not self.setting.query or not any(queries):
                return self.model.predictor(tokens, seen).float()
            ids, mask = padded([self.tokenise(query) if query else [] for query in queries], PAD)
            return self.model.predictor(tokens, seen, *self.model.read_query(ids, mask)).float()

    def embed(self, texts: Sequence[str]) -> torch.Tensor:
        """Return targets [n, dim], not normalised."""
        with _fast():
            states = pool_texts(self.model.y_encoder, [self.tokenise(text) for text in texts])
            return self.model.y_encoder.head(states).float()

    def _targets(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """The targets of the distinct texts, and the number of each text among them."""
        distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        with torch.set_grad_enabled(self.setting.head):
            target = self.embed(list(distinct))
        return target, torch.tensor([distinct[text] for text in texts])

    def _state(self, steps: int, seed: int) -> TrainingState:
        self.requires_grad_(False)
        own, text = self._own(), self._text()
        self.model.y_encoder.train(bool(text))
        groups = [(list(own.values()), self.plan.rate)]
        if text:
            groups.append((list(text.values()), self.plan.rate * self.setting.y_rate))
        for parameter in (*own.values(), *text.values()):
            parameter.requires_grad_(True)
        optimiser, schedule = one_cycle(groups, steps, self.plan.weight_decay)
        return TrainingState(own | text, optimiser, schedule, np.random.default_rng(seed))

    def _own(self) -> dict[str, nn.Parameter]:
        """What learns at the full rate: the predictor without its token table, the loss, and the Y-encoder's head."""
        prefixes = ["model.predictor.", "model.logit_scale", "loss."]
        if self.setting.head:
            prefixes.append("model.y_encoder.head.")
        return {
            name: parameter
            for name, parameter in self.named_parameters()
            if name.startswith(tuple(prefixes)) and "embed_tokens" not in name
        }

    def _text(self) -> dict[str, nn.Parameter]:
        """What learns at `y_rate` times the rate: the Y-encoder's layers; its token table is frozen."""
        layers = self.model.y_encoder.model.encoder
        return dict(layers.named_parameters()) if self.setting.y_rate else {}


@contextmanager
def _fast() -> Iterator[None]:
    """Forward passes in bfloat16, with attention whose gradient is fast in it on a CPU."""
    with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
        yield
