"""What differs between the families of dual encoders of transformers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from vlret.models.image_side import image_side
from vlret.types import Pixels

Inputs = Mapping[str, torch.Tensor]


def inverse_exp(scale: float) -> float:
    """The temperature of a weight that holds the logarithm of what multiplies cosines."""
    return math.exp(-scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family(ABC):
    """How one family of models is called; this one reads images, `VideoFamily` whole clips.

    Attributes:
        model: transformers' class of both towers.
        text_tower, vision_tower: its classes of one tower alone, "" where it has none.
        padding: how texts of a batch get equal length, as in training: to the longest, or all to the text length.
        longest: tokens that texts had in training at most, where the configuration allows more.
        masks: whether the text tower is told which tokens are padding.
        clean: what training did to a text before the tokenizer.
        scale: the last name of the weight that scales cosines ("": none), and the temperature of its value.
    """

    model: str
    text_tower: str = ""
    vision_tower: str = ""
    padding: str = "longest"
    longest: int = 1 << 20
    masks: bool = True
    clean: Callable[[str], str] = str
    scale: tuple[str, Callable[[float], float]] = ("logit_scale", inverse_exp)
    reads = "frames as images"
    processor = "AutoImageProcessor"
    """transformers' class that finds what prepares its pixels."""

    def dim(self, config: Any) -> int:
        """The length of the embeddings."""
        return int(config.projection_dim)

    def resolution(self, config: Any, processor: Any) -> int:
        """Side in pixels of the images that the model sees; of those of any shape, that of a square."""
        if hasattr(processor, "max_num_patches"):
            return int(processor.patch_size * processor.max_num_patches**0.5)
        return image_side(processor)

    def prepare(self, model: Any) -> None:  # noqa: B027 - most models are used as they are
        """Change what was loaded into what was trained."""

    def text_rows(self, model: Any, inputs: Inputs) -> torch.Tensor:
        """Embeddings [n, dim] of tokenized texts, by the text tower, or by both."""
        call = model if self.text_tower else model.get_text_features
        return rows_of(call(**inputs), "text_embeds")

    @abstractmethod
    def vision_rows(self, model: Any, inputs: Inputs) -> torch.Tensor:
        """Embeddings [n, dim] of what the processor made, by the vision tower, or by both."""


class ImageFamily(Family):
    """Models that read images."""

    __slots__ = ()

    def image_inputs(self, processor: Any, frames: Sequence[Pixels]) -> Inputs:
        """What the model's own processor makes of frames uint8 [height, width, 3]."""
        inputs: Inputs = processor(images=[Image.fromarray(frame) for frame in frames], return_tensors="pt")
        return inputs

    def vision_rows(self, model: Any, inputs: Inputs) -> torch.Tensor:
        """See `Family.vision_rows`."""
        call = model if self.vision_tower else model.get_image_features
        return rows_of(call(**inputs), "image_embeds")


class VideoFamily(Family):
    """Models that read whole clips."""

    __slots__ = ()
    reads = "whole clips"
    processor = "AutoVideoProcessor"
    fixed_frames = True
    """Whether the model has a position for each frame, so that it reads their number and no other."""

    @abstractmethod
    def n_frames(self, config: Any, processor: Any) -> int:
        """Frames of a clip in training."""

    def pixels(self, processor: Any, config: Any, clip: Pixels) -> torch.Tensor:
        """What the model's own processor makes of a clip uint8 [t, height, width, 3]: float [t, 3, h, w]."""
        frames = torch.from_numpy(np.ascontiguousarray(clip)).permute(0, 3, 1, 2)
        made = processor(
            videos=[frames], do_sample_frames=False, input_data_format="channels_first", return_tensors="pt",
            **self.processing(config),
        )  # fmt: skip
        pixels: torch.Tensor = made["pixel_values_videos"][0]
        return pixels

    def processing(self, config: Any) -> dict[str, Any]:
        """Settings that the processor's file may leave out."""
        return {}


def rows_of(output: Any, name: str) -> torch.Tensor:
    """`name` of a model's output, else its pooled output."""
    rows: torch.Tensor = output.get(name, output.get("pooler_output"))
    return rows


def fitted(clip: Pixels, n_frames: int) -> Pixels:
    """The frames in the middle of `n_frames` equal parts of a clip: an image becomes a still video."""
    chosen = ((np.arange(n_frames) + 0.5) * len(clip) / n_frames).astype(int)
    return np.take(clip, chosen, axis=0)
