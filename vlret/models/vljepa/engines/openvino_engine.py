"""OpenVINO for the X-encoder and numpy for the predictor of vljepa-mini, on a processor; no torch is imported."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlret.media.squash import squash
from vlret.models.device import n_cores
from vlret.models.vljepa.engines.base import PoolTexts
from vlret.models.vljepa.engines.int8_ranges import read_ranges
from vlret.models.vljepa.engines.mini_weights import mini_weights
from vlret.models.vljepa.engines.numpy_predictor import NumpyPredictor
from vlret.threads import one_thread
from vlret.types import Pixels, Tokens, Vectors

log = logging.getLogger(__name__)
FRAMES_AT_ONCE = 8
_PRECISIONS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}
"""Of what is not in int8 there."""


class OpenVINOEngine:
    """See `Engine`."""

    name = "openvino"
    device = "cpu"
    encodes_frames_alone = True

    def __init__(self, folder: Path, settings: Mapping[str, Any], dtype: str, pool: PoolTexts) -> None:
        """`settings` are the fields of config.json, those of vljepa-mini (`choose.fits`)."""
        self.folder, self.settings, self.dtype, self.pool = folder, settings, dtype, pool

    def load(self) -> None:
        """See `Engine`."""
        _ = self.x_encoder, self.predictor

    def encode(self, clips: Sequence[Pixels]) -> list[Tokens]:
        """See `Engine`."""
        side = self.settings["resolution"]
        frames = np.concatenate([squash(clip, (side, side)) for clip in clips])
        parts = range(0, len(frames), FRAMES_AT_ONCE)
        # a request of its own for each call: several threads may call
        tokens = [
            self.x_encoder.infer_new_request(frames[first : first + FRAMES_AT_ONCE])[0] for first in parts
        ]
        ends = np.cumsum([len(clip) for clip in clips])
        return list(np.split(np.concatenate(tokens), ends[:-1]))

    def predict(self, tokens: Sequence[Tokens], query: list[int]) -> Vectors:
        """See `Engine`."""
        asked = self.pool([query]) if query else None
        rows = np.empty((len(tokens), self.settings["dim"]), np.float32)
        lengths = np.array([len(clip) for clip in tokens])
        with one_thread():
            for length in np.unique(lengths):  # nothing is padded
                chosen = np.flatnonzero(lengths == length).tolist()
                rows[chosen] = self.predictor.predict(np.stack([tokens[i] for i in chosen]), asked)
        return rows

    @cached_property
    def x_encoder(self) -> Any:
        """The X-encoder, compiled for all cores on first use."""
        import openvino

        from vlret.models.vljepa.engines.x_encoder_graph import XEncoderGraph

        log.info("compiling the X-encoder of %s", self.folder)
        weights = x_encoder_weights(self.folder)
        ranges = read_ranges(self.folder) if self.dtype == "int8" else None
        mean, std = self.settings["image_mean"], self.settings["image_std"]
        graph = XEncoderGraph(weights, ranges).build(self.settings["resolution"], mean, std)
        properties = {
            # else bfloat16 wherever the processor has it
            "INFERENCE_PRECISION_HINT": _PRECISIONS[self.dtype],
            "INFERENCE_NUM_THREADS": n_cores(),
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,  # decoders run beside it
        }
        return openvino.Core().compile_model(graph, "CPU", properties)

    @cached_property
    def predictor(self) -> NumpyPredictor:
        """The predictor, loaded on first use."""
        return NumpyPredictor(mini_weights(self.folder, "predictor"), self.settings["predictor_config"])


def computes_bfloat16() -> bool:
    """Whether OpenVINO computes in bfloat16 on this processor; where it does not, it takes float32 without a word."""
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def x_encoder_weights(folder: Path) -> dict[str, NDArray[Any]]:
    """The weights of the X-encoder as float32, by their names in timm."""
    weights = mini_weights(folder, "x_encoder")
    return {name.removeprefix("model.timm_model."): value for name, value in weights.items()}
