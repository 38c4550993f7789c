"""What encoders of images and texts have in common: a clip is encoded frame by frame."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
import torch

from vlret.models.dual_encoder import DualEncoder, unit
from vlret.models.inputs import pixel_list
from vlret.types import Pixels, Tokens

_FRAMES_AT_ONCE = 64


class ImageTextEmbedder(DualEncoder):
    """The visual tokens of a clip are the unit vectors of its frames, [frames, dim]."""

    frame_pooling = "mean of the frames' unit vectors"

    @property
    def encodes_frames_alone(self) -> bool:
        """Each frame has a token of its own."""
        return True

    @torch.inference_mode()
    def encode_pixels(self, clips: Sequence[Pixels]) -> list[Tokens]:
        """Unit vectors of each clip's frames, float32 [t, dim]; see `Embedder.encode_pixels`."""
        clips = pixel_list(clips)
        frames = [frame for clip in clips for frame in clip]
        batches = (frames[i : i + _FRAMES_AT_ONCE] for i in range(0, len(frames), _FRAMES_AT_ONCE))
        with self._running():
            rows = [row for batch in batches for row in unit(self._encode_frames(batch)).numpy()]
        ends = np.cumsum([len(clip) for clip in clips])
        return [np.stack(rows[end - len(clip) : end]) for clip, end in zip(clips, ends, strict=True)]

    @abstractmethod
    def _encode_frames(self, frames: Sequence[Pixels]) -> torch.Tensor:
        """Vectors [n, dim], of any length, of frames uint8 [height, width, 3]."""
