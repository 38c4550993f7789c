"""Pairs to tensors: clips to visual tokens by the frozen X-encoder, texts and queries to token ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn.utils.rnn import pad_sequence

from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.encoders import XEncoder
from vlret.models.vljepa.load_towers import padded
from vlret.training.joint.module import Part
from vlret.training.pairs import PairBatch
from vlret.training.recipe_stages import JointStage
from vlret.types import Pixels, Tokens

if TYPE_CHECKING:
    from accelerate import Accelerator

PAD = 0
"""Padding is masked, so any token does."""


@dataclass(frozen=True)
class PartMaker:
    """Makes the parts of a batch.

    Attributes:
        stage: its `query` is that of pairs without one.
        embedder: reads texts and prepares frames as the finished model does.
        x_encoder: frozen, or the one that learns, which is then not run here.
        accelerator: says where and in which number format.
    """

    stage: JointStage
    embedder: VLJEPA
    x_encoder: XEncoder
    accelerator: Accelerator

    def parts(self, batch: PairBatch) -> list[Part]:
        """Return the pairs of `batch` in order, `stage.part` of them in each part."""
        size = self.stage.part
        return [self._part(batch, slice(first, first + size)) for first in range(0, len(batch), size)]

    def encode(self, clips: Sequence[Pixels]) -> list[torch.Tensor]:
        """Return visual tokens [tokens, x_width] of clips uint8 [t, h, w, 3], those of equal length at once."""
        frames = [self.embedder.torch_engine.normalise(clip) for clip in clips]
        tokens: dict[int, torch.Tensor] = {}
        for length in {len(one) for one in frames}:
            alike = [n for n, one in enumerate(frames) if len(one) == length]
            tokens |= dict(zip(alike, self._encoded(torch.stack([frames[n] for n in alike])), strict=True))
        return [tokens[n] for n in range(len(frames))]

    def arrays(self, clips: Sequence[Pixels]) -> list[Tokens]:
        """Return what `encode` does as arrays float32, to be cached."""
        return [tokens.float().cpu().numpy() for tokens in self.encode(clips)]

    def queries(self, batch: PairBatch) -> list[str]:
        """Return what the predictor is asked for each pair."""
        return [query or self.stage.query for query in batch.queries]

    @property
    def _dtype(self) -> torch.dtype:
        """That of visual tokens: what the predictor's first layer computes in."""
        return torch.bfloat16 if self.accelerator.mixed_precision == "bf16" else torch.float32

    @torch.no_grad()
    def _encoded(self, frames: torch.Tensor) -> torch.Tensor:
        with self.accelerator.autocast():
            tokens: torch.Tensor = self.x_encoder(frames.to(self.accelerator.device))
        return tokens.to(self._dtype)

    def _part(self, batch: PairBatch, chosen: slice) -> Part:
        queries = [self.embedder.query_tokens(query) for query in self.queries(batch)[chosen]]
        texts = [self.embedder.tokens(text, self.embedder.card.text_length) for text in batch.texts[chosen]]
        query_ids, query_mask = padded([ids or [PAD] for ids in queries], PAD)
        query_mask &= torch.tensor([bool(ids) for ids in queries])[:, None]
        visual, mask = (
            self._frames(batch.pixels[chosen]) if self.stage.x_rate else self._tokens(batch, chosen)
        )
        ids = (query_ids, query_mask, *padded(texts, PAD))
        return Part(visual, mask, *(one.to(self.accelerator.device) for one in ids))

    def _tokens(self, batch: PairBatch, chosen: slice) -> tuple[torch.Tensor, torch.Tensor]:
        """Visual tokens padded to the longest clip, and their mask."""
        if batch.tokens:
            device, dtype = self.accelerator.device, self._dtype
            tokens = [torch.from_numpy(one).to(device, dtype) for one in batch.tokens[chosen]]
        else:
            tokens = self.encode(batch.pixels[chosen])
        mask = pad_sequence([one.new_ones(len(one), dtype=torch.bool) for one in tokens], batch_first=True)
        return pad_sequence(tokens, batch_first=True), mask

    def _frames(self, clips: Sequence[Pixels]) -> tuple[torch.Tensor, None]:
        """Normalised frames; an image is repeated to fill a clip (paper, section 3.1)."""
        frames = [self.embedder.torch_engine.normalise(clip) for clip in clips]
        full = [one if len(one) > 1 else one.expand(self.stage.frames, -1, -1, -1) for one in frames]
        return torch.stack(full).to(self.accelerator.device), None
