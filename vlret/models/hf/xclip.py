"""X-CLIP, whose towers of CLIP exchange messages between the frames of a clip."""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image

from vlret.models.hf.family import Inputs, VideoFamily
from vlret.types import Pixels


class XCLIP(VideoFamily):
    """The embedding of a text is that of its tower.

    The whole model changes it by each video that it is compared with, which no index can do: every text would be
    embedded anew for every clip.
    """

    __slots__ = ()
    processor = "AutoImageProcessor"

    def n_frames(self, config: Any, processor: Any) -> int:
        """See `VideoFamily.n_frames`: one position embedding a frame."""
        return int(config.vision_config.num_frames)

    def pixels(self, processor: Any, config: Any, clip: Pixels) -> torch.Tensor:
        """See `VideoFamily.pixels`: its processor is one of images, or VideoMAE's."""
        made = processor([Image.fromarray(frame) for frame in clip], return_tensors="pt")["pixel_values"]
        pixels: torch.Tensor = made.reshape(-1, *made.shape[-3:])
        return pixels

    def vision_rows(self, model: Any, inputs: Inputs) -> torch.Tensor:
        """See `Family.vision_rows`."""
        rows: torch.Tensor = model.get_video_features(pixel_values=inputs["pixels"]).pooler_output
        return rows


X_CLIP = XCLIP(model="XCLIPModel")
