"""EfficientNet-Lite as an OpenVINO graph, built from the weights of an X-encoder: no torch, no second copy on disk.

The torch X-encoder (encoders.py) is the oracle that the tests hold this against.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openvino import Dimension, Model, PartialShape, Type, opset13

Array = NDArray[np.float32]
_STRIDES = (1, 2, 2, 2, 1, 2, 1)
"""Of the first block of each stage."""
_EPS = 1e-3
"""Of the batch norms of TensorFlow's networks."""


def x_encoder_graph(
    weights: dict[str, Array], side: int, mean: Sequence[float], std: Sequence[float]
) -> Model:
    """Frames uint8 [n, side, side, 3] to visual tokens float32 [n, width], the mean of the last map each.

    Args:
        weights: of timm's tf_efficientnet_lite*, by their names in timm, as float32; taken out as they are used.
        mean, std: RGB in 0..1 is normalised by these.
    """
    frames = opset13.parameter(PartialShape([Dimension(), side, side, 3]), Type.u8, "frames")
    pixels = opset13.convert(frames, np.float32)
    scale, offset = (
        1 / (255 * np.array(std, np.float32)),
        np.array(mean, np.float32) / np.array(std, np.float32),
    )
    x = opset13.subtract(opset13.multiply(pixels, scale), offset)
    x = opset13.transpose(x, np.array([0, 3, 1, 2]))
    x = _relu6(_conv(x, weights, "conv_stem", "bn1", stride=2))
    for stage, stride in enumerate(_STRIDES):
        for block in count():
            name = f"blocks.{stage}.{block}"
            if f"{name}.conv_dw.weight" not in weights:
                break
            x = _block(x, weights, name, stride if block == 0 else 1)
    x = _relu6(_conv(x, weights, "conv_head", "bn2"))
    tokens = opset13.reduce_mean(x, np.array([2, 3]))
    return Model([tokens], [frames], "x_encoder")


def _block(x: Any, weights: dict[str, Array], name: str, stride: int) -> Any:
    first = x
    n_norm = count(1)

    def conv(value: Any, which: str, stride: int = 1) -> Any:
        return _conv(value, weights, f"{name}.{which}", f"{name}.bn{next(n_norm)}", stride)

    if f"{name}.conv_pwl.weight" in weights:  # an inverted residual: wide, depthwise, narrow
        x = _relu6(conv(x, "conv_pw"))
        x = _relu6(conv(x, "conv_dw", stride))
        x = conv(x, "conv_pwl")
    else:
        x = _relu6(conv(x, "conv_dw", stride))
        x = conv(x, "conv_pw")
    same = stride == 1 and first.get_output_partial_shape(0)[1] == x.get_output_partial_shape(0)[1]
    return opset13.add(x, first) if same else x


def _conv(x: Any, weights: dict[str, Array], conv: str, norm: str, stride: int = 1) -> Any:
    """A convolution with its batch norm folded in, padded as TensorFlow does."""
    kernel, bias = _folded(weights, conv, norm)
    is_depthwise = ".conv_dw" in conv
    call = opset13.group_convolution if is_depthwise else opset13.convolution
    kernel = kernel[:, None] if is_depthwise else kernel
    y = call(x, kernel, [stride] * 2, [0, 0], [0, 0], [1, 1], auto_pad="same_upper")
    return opset13.add(y, bias.reshape(1, -1, 1, 1))


def _folded(weights: dict[str, Array], conv: str, norm: str) -> tuple[Array, Array]:
    weight, bias, mean, variance = (
        weights.pop(f"{norm}.{name}") for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = weight / np.sqrt(variance + np.float32(_EPS))
    return weights.pop(f"{conv}.weight") * scale[:, None, None, None], bias - mean * scale


def _relu6(x: Any) -> Any:
    return opset13.clamp(x, 0.0, 6.0)
