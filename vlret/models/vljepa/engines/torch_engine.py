"""PyTorch: every VL-JEPA, on every device."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from vlret.models.device import pick_dtype
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.encoders import XEncoder, fold_batch_norms
from vlret.models.vljepa.engines.base import PoolTexts
from vlret.models.vljepa.load_towers import load_tower
from vlret.models.vljepa.predictor import Predictor
from vlret.models.vljepa.processing import x_encoder_input
from vlret.types import Pixels, Tokens, Vectors

log = logging.getLogger(__name__)
Item = TypeVar("Item", bound=Any)


class TorchEngine:
    """See `Engine`."""

    name = "torch"

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        config: VLJEPAConfig,
        device: torch.device,
        dtype: str,
        pool: PoolTexts,
    ) -> None:
        self.folder, self.settings, self.config, self.pool = folder, settings, config, pool
        self._device, self._dtype = device, pick_dtype(dtype, device)
        self.device, self.dtype = str(device), str(self._dtype).removeprefix("torch.")

    def load(self) -> None:
        """See `Engine`."""
        _ = self.x_encoder, self.predictor

    @property
    def encodes_frames_alone(self) -> bool:
        """True unless the X-encoder is a video model, whose tokens belong to several frames each."""
        return not self.x_encoder.is_video_model

    @cached_property
    def x_encoder(self) -> XEncoder:
        """The vision tower, loaded on first use."""
        encoder: XEncoder = self._load("x_encoder")
        fold_batch_norms(encoder)
        return encoder.to(self._dtype)

    @cached_property
    def predictor(self) -> Predictor:
        """The predictor, loaded on first use."""
        predictor: Predictor = self._load("predictor")
        return predictor

    @torch.inference_mode()
    def encode(self, clips: Sequence[Pixels]) -> list[Tokens]:
        """See `Engine`."""
        return grouped([self.normalise(clip) for clip in clips], self._encode)

    @torch.inference_mode()
    def predict(self, tokens: Sequence[Tokens], query: list[int]) -> Vectors:
        """See `Engine`."""
        rows = self._query_rows(query) if query else None
        return np.stack(grouped(list(map(torch.as_tensor, tokens)), lambda batch: self._predict(batch, rows)))

    def normalise(self, clip: Pixels) -> torch.Tensor:
        """Return a clip uint8 [t, h, w, 3] as the X-encoder reads it, float32 [t, 3, resolution, resolution]."""
        side, resize = self.settings["resolution"], self.settings["resize"]
        return x_encoder_input(clip, side, resize, self.settings["image_mean"], self.settings["image_std"])

    def placed(self, values: torch.Tensor) -> torch.Tensor:
        """Return what the X-encoder or a part of it reads, on its device and in its number format."""
        return values.to(self._device, self._dtype)

    def _encode(self, frames: torch.Tensor) -> torch.Tensor:
        return self.x_encoder(self.placed(frames))  # type: ignore[no-any-return]

    def _predict(self, visual: torch.Tensor, query: torch.Tensor | None) -> torch.Tensor:
        visual = visual.to(self._device)
        mask = visual.new_ones(visual.shape[:2], dtype=bool)  # type: ignore[call-overload]
        if query is None:
            return self.predictor(visual, mask)  # type: ignore[no-any-return]
        query = query.to(self._device).expand(len(visual), -1, -1)
        query_mask = query.new_ones(query.shape[:2], dtype=bool)  # type: ignore[call-overload]
        return self.predictor(visual, mask, query, query_mask)  # type: ignore[no-any-return]

    def _query_rows(self, query: list[int]) -> torch.Tensor:
        """Return the predictor's query tokens, float32 [1, q, width]."""
        table = self.predictor.embed_tokens
        if table is None:
            return torch.from_numpy(self.pool([query]))[None]
        return table(torch.tensor([query], device=self._device))  # type: ignore[no-any-return]

    def _load(self, name: str) -> Any:
        log.info("loading %s of %s", name, self.folder)
        return load_tower(name, self.folder, self.config).to(self._device)


def grouped(items: Sequence[torch.Tensor], call: Callable[[torch.Tensor], torch.Tensor]) -> list[Tokens]:
    """Apply `call` to stacks of equal shape, results in the order of `items`: nothing is padded."""
    results: list[Tokens] = [np.empty(0, np.float32)] * len(items)
    for shape in {item.shape for item in items}:
        chosen = [i for i, item in enumerate(items) if item.shape == shape]
        rows = call(torch.stack([items[i] for i in chosen])).float().cpu().numpy()
        for i, row in zip(chosen, rows, strict=True):
            results[i] = row
    return results
