"""What a training computes of some pairs: the part of a VL-JEPA that DDP or FSDP wraps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.distributed.fsdp import FSDPModule

from vlret.models.vljepa.modeling import VLJEPAModel


@dataclass(frozen=True)
class Part:
    """Pairs that a process embeds at once, on its device.

    Attributes:
        visual: visual tokens [n, v, x_width]; where the X-encoder learns, normalised frames [n, t, 3, h, w].
        visual_mask: bool [n, v] of tokens that are no pads; None for frames.
        query_ids, query_mask: int64 and bool [n, q]; a pair without a query has an empty mask.
        text_ids, text_mask: int64 and bool [n, length].
    """

    visual: torch.Tensor
    visual_mask: torch.Tensor | None
    query_ids: torch.Tensor
    query_mask: torch.Tensor
    text_ids: torch.Tensor
    text_mask: torch.Tensor

    def __len__(self) -> int:
        return len(self.text_ids)


class JointModule(nn.Module):
    """Towers of a model that learn, in one forward pass; `logit_scale` stays outside, as FSDP splits no scalars."""

    def __init__(self, model: VLJEPAModel, with_x_encoder: bool) -> None:
        super().__init__()
        self.x_encoder = model.x_encoder if with_x_encoder else None
        self.predictor, self.y_encoder = model.predictor, model.y_encoder
        # what accelerate splits by itself under FSDP
        self._no_split_modules = sorted(layer_classes(self))

    def forward(self, part: Part) -> tuple[torch.Tensor, torch.Tensor]:
        """Return predictions and targets [n, dim], neither of them normalised."""
        visual, mask = part.visual, part.visual_mask
        if self.x_encoder is not None:
            visual = self.x_encoder(visual)
        if mask is None:
            mask = visual.new_ones(visual.shape[:2], dtype=torch.bool)
        prediction = self.predictor(visual, mask, *self._query(part))
        return prediction, self.y_encoder(part.text_ids, part.text_mask)

    def _query(self, part: Part) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """Query tokens for the predictor and their mask, as `VLJEPAModel.read_query` reads them."""
        ids, mask = part.query_ids, part.query_mask
        if self.predictor.embed_tokens is not None:
            return (self.predictor.embed_tokens(ids), mask) if mask.any() else (None, None)
        # without a query zeros that are masked out, so that the projection has a gradient in every process
        asked = mask.any(1)
        read = asked.clone()
        # FSDP gathers the layers in every process: where nothing is asked, a pad is read, and masked out, too
        read[0] |= isinstance(self, FSDPModule) & ~asked.any()
        states = torch.zeros(len(ids), self.y_encoder.head.in_features, device=ids.device)
        if read.any():
            pooled = self.y_encoder.pool(ids[read], mask[read] | ~asked[read, None])
            states = states.to(pooled.dtype).index_put((read.nonzero()[:, 0],), pooled)
        return states[:, None], asked[:, None]


def layer_classes(module: nn.Module) -> set[str]:
    """Return the names of the classes of the transformer layers in a module: the elements of its lists of one class."""
    lists = [child for child in module.modules() if isinstance(child, nn.ModuleList) and len(child) > 0]
    return {type(child[0]).__name__ for child in lists}
