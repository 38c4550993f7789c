"""EfficientNet-Lite as an OpenVINO graph, built from the weights of an X-encoder: no torch, no second copy on disk.

The torch X-encoder (encoders.py) is the oracle that the tests hold this against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openvino import Dimension, Model, PartialShape, Type, opset13

from vlret.errors import ModelError
from vlret.models.folder import AGAIN

Array = NDArray[np.float32]
Ranges = Mapping[str, tuple[float, float]]
"""The least and greatest number that each convolution reads, by its name."""
_STRIDES = (1, 2, 2, 2, 1, 2, 1)
"""Of the first block of each stage."""
_EPS = 1e-3
"""Of the batch norms of TensorFlow's networks."""


class XEncoderGraph:
    """Builds the graph, in float32 but for the convolutions that `ranges` names, which are in int8.

    Args:
        weights: of timm's tf_efficientnet_lite*, by their names in timm, as float32; taken out as they are used.

    Attributes:
        inputs: what each convolution reads, by its name.
    """

    def __init__(self, weights: dict[str, Array], ranges: Ranges | None = None) -> None:
        self.weights, self.ranges = weights, ranges or {}
        self.inputs: dict[str, Any] = {}

    def build(self, side: int, mean: Sequence[float], std: Sequence[float]) -> Model:
        """Frames uint8 [n, side, side, 3] to visual tokens float32 [n, width], the mean of the last map each.

        RGB in 0..1 is normalised by `mean` and `std`.
        """
        frames = opset13.parameter(PartialShape([Dimension(), side, side, 3]), Type.u8, "frames")
        x = _relu6(self._conv(_normalised(frames, mean, std), "conv_stem", "bn1", stride=2))
        for stage, stride in enumerate(_STRIDES):
            for block in count():
                name = f"blocks.{stage}.{block}"
                if f"{name}.conv_dw.weight" not in self.weights:
                    break
                x = self._block(x, name, stride if block == 0 else 1)
        x = _relu6(self._conv(x, "conv_head", "bn2"))
        return Model([opset13.reduce_mean(x, np.array([2, 3]))], [frames], "x_encoder")

    def _block(self, x: Any, name: str, stride: int) -> Any:
        first = x
        n_norm = count(1)

        def conv(value: Any, which: str, stride: int = 1) -> Any:
            return self._conv(value, f"{name}.{which}", f"{name}.bn{next(n_norm)}", stride)

        if f"{name}.conv_pwl.weight" in self.weights:  # an inverted residual: wide, depthwise, narrow
            x = _relu6(conv(x, "conv_pw"))
            x = _relu6(conv(x, "conv_dw", stride))
            x = conv(x, "conv_pwl")
        else:
            x = _relu6(conv(x, "conv_dw", stride))
            x = conv(x, "conv_pw")
        same = stride == 1 and first.get_output_partial_shape(0)[1] == x.get_output_partial_shape(0)[1]
        return opset13.add(x, first) if same else x

    def _conv(self, x: Any, conv: str, norm: str, stride: int = 1) -> Any:
        """A convolution with its batch norm folded in, padded as TensorFlow does."""
        self.inputs[conv] = x.output(0)
        kernel, bias = self._folded(conv, norm)
        call = opset13.convolution
        if ".conv_dw" in conv:
            call, kernel = opset13.group_convolution, kernel[:, None]
        if conv in self.ranges:
            x, kernel = _int8(x, *self.ranges[conv]), _int8_kernel(kernel)
        y = call(x, kernel, [stride] * 2, [0, 0], [0, 0], [1, 1], auto_pad="same_upper")
        return opset13.add(y, bias.reshape(1, -1, 1, 1))

    def _folded(self, conv: str, norm: str) -> tuple[Array, Array]:
        weight, bias, mean, variance = (
            self.weights.pop(f"{norm}.{name}") for name in ("weight", "bias", "running_mean", "running_var")
        )
        with np.errstate(all="ignore"):
            scale = weight / np.sqrt(variance + np.float32(_EPS))
            kernel, bias = (
                self.weights.pop(f"{conv}.weight") * scale[:, None, None, None],
                bias - mean * scale,
            )
        _require_finite(conv, kernel, bias)
        return kernel, bias


def _normalised(frames: Any, mean: Sequence[float], std: Sequence[float]) -> Any:
    """Pixels as float32 [n, 3, side, side]."""
    deviation = np.array(std, np.float32)
    scaled = opset13.multiply(opset13.convert(frames, np.float32), 1 / (255 * deviation))
    centred = opset13.subtract(scaled, np.array(mean, np.float32) / deviation)
    return opset13.transpose(centred, np.array([0, 3, 1, 2]))


def _require_finite(conv: str, *weights: Array) -> None:
    """OpenVINO's clamp would turn NaN into numbers that look right."""
    if not all(np.isfinite(part).all() for part in weights):
        reason = f"The weights of {conv} in the X-encoder are not finite."
        raise ModelError(reason, AGAIN, code="not_finite", weight=conv)


def _relu6(x: Any) -> Any:
    return opset13.clamp(x, 0.0, 6.0)


def _int8(x: Any, low: float, high: float) -> Any:
    """Activations in 256 steps: from 0 on, or around 0 where some are negative."""
    if low < 0:
        most = max(-low, high)
        low, high = -most, most * 127 / 128
    ends = [np.full((1, 1, 1, 1), end, np.float32) for end in (low, high)]
    return opset13.fake_quantize(x, *ends, *ends, 256)


def _int8_kernel(kernel: Array) -> Any:
    """Weights in 255 steps around 0, each output channel by its own greatest."""
    most = np.abs(kernel).max(tuple(range(1, kernel.ndim)), keepdims=True)
    return opset13.fake_quantize(opset13.constant(kernel), -most, most, -most, most, 255)
