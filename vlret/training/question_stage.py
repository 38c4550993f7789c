"""The predictor's blocks learn to answer questions, and to leave predictions without a query as they are."""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.cached_stage import CachedTrainer
from vlret.training.caption_stage import dev_vectors, drawn_views, learning
from vlret.training.checkpoint import TrainingState, one_cycle
from vlret.training.data import TrainingData, recall
from vlret.training.losses.info_nce import MAX_SCALE, answer_loss
from vlret.training.question_table import question_table
from vlret.training.recipe import TrainingRecipe
from vlret.training.recipe_stages import QuestionStage

BLOCKS = ("predictor.layers.", "predictor.query_proj.")


class QuestionTrainer(CachedTrainer):
    """The predictor's blocks and its query projection; an epoch is as long as one of captions."""

    def __init__(
        self,
        recipe: TrainingRecipe,
        stage: QuestionStage,
        model: VLJEPAModel,
        embedder: VLJEPA,
        data: TrainingData,
    ) -> None:
        self.stage, self.model, self.name = stage, model, stage.name
        self._set(data, stage.epochs, stage.batch)
        self.before = copy.deepcopy(model.predictor).requires_grad_(False)
        model.requires_grad_(False)
        blocks = learning(model, BLOCKS)
        groups = [(list(blocks.values()), stage.rate)]
        optimiser, schedule = one_cycle(groups, self.steps, stage.weight_decay)
        self.state = TrainingState(blocks, optimiser, schedule, np.random.default_rng(recipe.seed))
        self.table = question_table(data.questions, embedder, data.texts.device)
        with torch.no_grad():
            self.answers = functional.normalize(model.y_encoder.head(self.table.answer_states), dim=-1)

    def loss(self, items: NDArray[np.int64]) -> torch.Tensor:
        """Return the loss of a batch of questions, plus how far predictions for the items without a query moved."""
        return self._question_loss() + self.stage.keep_weight * self._change(items)

    def recall(self, dev: TrainingData) -> float:
        """Return text-to-image R@1 in per cent over the first views of the dev items, without a query."""
        return recall(*dev_vectors(self.model, dev), dev)

    def _question_loss(self) -> torch.Tensor:
        drawn = self.table.draw(self.stage.batch, self.stage.brought_share, self.state.rng)
        visual = self._visual(self.table.items[drawn])
        states = self.table.question_states[self.table.question[drawn]]
        query = functional.dropout(states, self.stage.text_dropout)[:, None]
        prediction = self.model.predictor(visual, _all(visual), query, _all(query))
        scale = self.model.logit_scale.exp().clamp(max=MAX_SCALE)
        labels = torch.from_numpy(self.table.answer[drawn]).to(visual.device)
        return answer_loss(functional.normalize(prediction, dim=-1), self.answers, scale, labels)

    def _change(self, items: NDArray[np.int64]) -> torch.Tensor:
        """How far predictions without a query have moved, 1 - cosine."""
        visual = self._visual(items)
        mask = _all(visual)
        now, before = self.model.predictor(visual, mask), self.before(visual, mask)
        return 1 - functional.cosine_similarity(now, before).mean()

    def _visual(self, items: NDArray[np.int64]) -> torch.Tensor:
        return drawn_views(self.data, items, self.state.rng, self.stage.dropout)


def _all(tokens: torch.Tensor) -> torch.Tensor:
    """The mask of tokens [n, count, width] none of which is a pad."""
    return tokens.new_ones(tokens.shape[:2], dtype=torch.bool)
