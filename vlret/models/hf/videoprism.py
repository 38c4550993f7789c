"""VideoPrism LvT, whose video tower pools all tokens of a clip by attention."""

from __future__ import annotations

import re
import string
from typing import Any

import torch

from vlret.models.hf.family import Inputs, VideoFamily

_PUNCTUATION = re.compile(f"[{re.escape(string.punctuation)}]")


class VideoPrism(VideoFamily):
    """Pixels from 0 to 1, not normalised, and texts as its authors' tokenizer wants them."""

    __slots__ = ()

    def dim(self, config: Any) -> int:
        """See `Family.dim`: the towers have no projection."""
        return int(config.vision_config.hidden_size)

    def n_frames(self, config: Any, processor: Any) -> int:
        """See `VideoFamily.n_frames`: one position embedding a frame."""
        return int(config.vision_config.num_frames)

    def resolution(self, config: Any, processor: Any) -> int:
        """See `Family.resolution`: the square that it has positions for."""
        size = config.vision_config.image_size
        return int(size if isinstance(size, int) else max(size))

    def processing(self, config: Any) -> dict[str, Any]:
        """What transformers' `VideoPrismProcessor` adds to the settings of its video processor."""
        side = self.resolution(config, None)
        return {"size": {"height": side, "width": side}, "do_normalize": False}

    def vision_rows(self, model: Any, inputs: Inputs) -> torch.Tensor:
        """See `Family.vision_rows`: the pooled output is [n, 1, dim]."""
        pooled: torch.Tensor = model.get_video_features(pixel_values_videos=inputs["pixels"]).pooler_output
        return pooled.flatten(1)


def canonical(text: str) -> str:
    """Lower case, no punctuation but a full stop at the end, single spaces."""
    return " ".join(_PUNCTUATION.sub(" ", text).lower().split()) + "."


VIDEO_PRISM = VideoPrism(
    model="VideoPrismClipModel",
    text_tower="VideoPrismTextModel",
    padding="max_length",
    longest=64,
    clean=canonical,
    scale=("", float),
)
