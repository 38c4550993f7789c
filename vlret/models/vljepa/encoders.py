"""The X-encoder (frames to visual tokens) and the Y-encoder (texts to target embeddings)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval
from transformers import AutoModel

from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.predictor import masked_mean

FRAMES_AT_ONCE = 8


class XEncoder(nn.Module):
    """Any vision model behind one call: normalised frames [n, t, 3, h, w] to tokens [n, tokens, x_width]."""

    def __init__(self, config: VLJEPAConfig) -> None:
        super().__init__()
        self.grid = config.grid
        self.is_video_model = config.x_config.model_type == "vjepa2"
        model = AutoModel.from_config(config.x_config)
        # V-JEPA 2 comes with a mask predictor of its own, which VL-JEPA has no use for
        self.model = model.encoder if self.is_video_model else model
        self.requires_grad_(False)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Visual tokens [n, tokens, x_width] in order of time, then row, then column."""
        tokens = self._video_tokens(frames) if self.is_video_model else self._frame_tokens(frames)
        return self.to_grid(tokens) if self.grid else tokens.flatten(1, 2)

    def _video_tokens(self, frames: torch.Tensor) -> torch.Tensor:
        tubelet = self.model.config.tubelet_size
        # an image, or an odd last frame, is repeated to fill its tubelet (paper, section 3.1)
        missing = -frames.shape[1] % tubelet
        frames = torch.cat([frames, frames[:, -1:].expand(-1, missing, -1, -1, -1)], dim=1)
        tokens = self.model(pixel_values_videos=frames).last_hidden_state
        return tokens.unflatten(1, (frames.shape[1] // tubelet, -1))  # type: ignore[no-any-return]

    def _frame_tokens(self, frames: torch.Tensor) -> torch.Tensor:
        flat = frames.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        # frames do not see each other: a few at a time keep the activations of early layers small
        parts = [self.model(pixel_values=part).last_hidden_state for part in flat.split(FRAMES_AT_ONCE)]
        tokens = torch.cat(parts)
        if tokens.ndim == 4:  # a convolutional map [n t, width, rows, columns]
            tokens = tokens.flatten(2).transpose(1, 2)
        elif int(tokens.shape[1] ** 0.5) ** 2 != tokens.shape[1]:  # a ViT's class token stands first
            tokens = tokens[:, 1:]
        return tokens.unflatten(0, frames.shape[:2])  # type: ignore[no-any-return]

    def to_grid(self, tokens: torch.Tensor) -> torch.Tensor:
        """[n, t, side * side, width] averaged to [n, t * grid * grid, width]."""
        n, t, count, width = tokens.shape
        side = int(count**0.5)
        maps = tokens.reshape(n * t, side, side, width).permute(0, 3, 1, 2)
        pooled = functional.adaptive_avg_pool2d(maps, self.grid)
        return pooled.flatten(2).transpose(1, 2).reshape(n, t * self.grid**2, width)


@torch.no_grad()
def fold_batch_norms(module: nn.Module) -> None:
    """Put every batch norm that follows a convolution into its weights, in place: a third less time.

    For inference only. timm's batch norms carry the activation that follows them, which stays.
    """
    for parent in list(module.modules()):
        for (conv_name, conv), (norm_name, norm) in pairwise(list(parent.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, conv_name, fuse_conv_bn_eval(conv, norm))
                setattr(parent, norm_name, getattr(norm, "act", nn.Identity()))


class Int8Embedding(nn.Module):
    """A frozen token table: int8 rows [tokens, width] and one float scale a row (a quarter of float32)."""

    weight: torch.Tensor
    scale: torch.Tensor

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(tokens, width, dtype=torch.int8))
        self.register_buffer("scale", torch.ones(tokens, 1))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Rows [..., width] of token ids [...]."""
        return self.weight[ids].to(self.scale.dtype) * self.scale[ids]

    @torch.no_grad()
    def quantise(self, table: torch.Tensor) -> Int8Embedding:
        """Fill from a float table [tokens, width]; each row's largest value becomes 127."""
        scale = table.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
        self.scale.copy_(scale)
        self.weight.copy_((table / scale).round())
        return self


class YEncoder(nn.Module):
    """Texts to target embeddings: transformer, mean over non-pad tokens, linear head."""

    def __init__(self, config: VLJEPAConfig) -> None:
        super().__init__()
        y_config = config.y_config
        extra = {"add_pooling_layer": False} if y_config.model_type == "bert" else {}
        self.model = AutoModel.from_config(y_config, **extra)
        if config.int8_embeddings:
            self.model.set_input_embeddings(Int8Embedding(y_config.vocab_size, y_config.hidden_size))
        self.head = nn.Linear(y_config.hidden_size, config.dim)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Target embeddings [n, dim], not normalised, of token ids [n, length] and their bool mask."""
        return self.head(self.pool(ids, mask))  # type: ignore[no-any-return]

    def pool(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Mean of the last hidden states [n, hidden] before the head: what a frozen Y-encoder can cache."""
        states = self.model(input_ids=ids, attention_mask=mask.long(), use_cache=False).last_hidden_state
        return masked_mean(states, mask)
