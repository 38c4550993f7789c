"""An EfficientNet X-encoder in two parts: first stages that stay, last ones that learn.

The first stages see edges and textures, so that what they say of each photograph is computed once. Of the last
ones, depthwise convolutions and batch norms stay, too: the gradient of the former would take most of the time
on a CPU.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.padding import pad_same
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize
from torch.nn.utils.fusion import fuse_conv_bn_eval

from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.encoders import FRAMES_AT_ONCE, XEncoder
from vlret.types import Pixels

FIRST_TRAINED = 4
"""Stages of blocks before this one stay as they are."""
TRAINED_WEIGHT = ".parametrizations.weight.original"


def first_stages(embedder: VLJEPA, views: Sequence[Pixels]) -> torch.Tensor:
    """Activations float32 [n, channels, rows, columns] of one-frame clips uint8 [1, h, w, 3]."""
    net = embedder.x_encoder.model.timm_model
    maps = (
        torch.stack([embedder.normalise(view)[0] for view in views])
        .to(embedder.dtype)
        .contiguous(memory_format=torch.channels_last)
    )
    with torch.inference_mode():
        parts = [
            net.blocks[:FIRST_TRAINED](net.bn1(net.conv_stem(part))) for part in maps.split(FRAMES_AT_ONCE)
        ]
    return torch.cat(parts).float()


def last_stages(embedder: VLJEPA, maps: torch.Tensor) -> torch.Tensor:
    """Visual tokens float32 [n, tokens, x_width] of activations of the first stages."""
    encoder = embedder.x_encoder
    net = encoder.model.timm_model
    maps = maps.to(embedder.dtype).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        parts = [
            net.bn2(net.conv_head(net.blocks[FIRST_TRAINED:](part))) for part in maps.split(FRAMES_AT_ONCE)
        ]
        tokens = torch.cat(parts).flatten(2).transpose(1, 2)
        return encoder.to_grid(tokens[:, None]).float()


class Scaled(nn.Module):
    """A convolution's weight times what the batch norm after it multiplies: the norm itself can go."""

    def __init__(self, ratio: torch.Tensor) -> None:
        super().__init__()
        self.ratio = nn.Buffer(ratio)

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """The weight that is convolved with."""
        return weight * self.ratio[:, None, None, None]


class Unstrided(nn.Module):
    """A depthwise convolution of stride n as one of stride 1, of whose output every nth place is kept.

    The same numbers, and a gradient that bfloat16 on a CPU computes fast: it has none for strides.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """The convolution of `maps` [n, channels, rows, columns]."""
        conv, (down, right) = self.conv, self.conv.stride
        same = pad_same(maps, list(conv.kernel_size), list(conv.stride))
        return functional.conv2d(same, conv.weight, conv.bias, groups=conv.groups)[:, :, ::down, ::right]


def trainable(encoder: XEncoder) -> nn.Module:
    """A copy of the last stages whose pointwise convolutions learn and whose batch norms are part of the weights."""
    net = encoder.model.timm_model
    parts = {"blocks": net.blocks[FIRST_TRAINED:], "conv_head": net.conv_head, "bn2": net.bn2}
    stages = copy.deepcopy(nn.Sequential(OrderedDict(parts))).eval().requires_grad_(False)
    for parent in list(stages.modules()):
        for (conv_name, conv), (norm_name, norm) in pairwise(list(parent.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, conv_name, _joined(conv, norm))
                setattr(parent, norm_name, getattr(norm, "act", nn.Identity()))
    return stages.to(memory_format=torch.channels_last)


@torch.no_grad()
def write_back(stages: nn.Module, encoder: XEncoder) -> None:
    """Put what a `trainable` copy has learned into the last stages of `encoder`."""
    state = encoder.model.timm_model.state_dict()
    for name, parameter in stages.named_parameters():
        if parameter.requires_grad:
            state[name.replace(TRAINED_WEIGHT, ".weight")].copy_(parameter)


def _joined(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Module:
    fused = fuse_conv_bn_eval(conv, norm).requires_grad_(False)
    if conv.groups > 1:
        return Unstrided(fused) if isinstance(conv, Conv2dSame) else fused
    ratio = norm.weight / torch.sqrt(cast(torch.Tensor, norm.running_var) + norm.eps)
    conv.bias = fused.bias
    conv.weight.requires_grad_(True)
    parametrize.register_parametrization(conv, "weight", Scaled(ratio))
    return conv
