"""PE-Video, and the video side of PE-AV: Perception Encoder's frames under a transformer over time."""

from __future__ import annotations

from typing import Any

import torch

from vlret.models.hf.family import Inputs, VideoFamily

_FRAMES = 16


class PEVideo(VideoFamily):
    """Called part by part, as the model's `forward` does: its `get_*_features` cannot be reached from outside."""

    __slots__ = ()
    fixed_frames = False

    def dim(self, config: Any) -> int:
        """See `Family.dim`: both heads project to the width of the text tower."""
        return int(config.text_config.hidden_size)

    def n_frames(self, config: Any, processor: Any) -> int:
        """See `VideoFamily.n_frames`: what the processor names, or as many as transformers' documentation takes."""
        return int(getattr(processor, "num_frames", None) or _FRAMES)

    def prepare(self, model: Any) -> None:
        """In training the first token was taken before the text tower's last norm, which transformers applies."""
        model.text_model.final_norm = torch.nn.Identity()

    def text_rows(self, model: Any, inputs: Inputs) -> torch.Tensor:
        """See `Family.text_rows`: texts that are compared with videos have a head of their own."""
        first = model.text_model(**inputs).last_hidden_state[:, 0]
        rows: torch.Tensor = self._of_video(model).text_video_head(first)
        return rows

    def vision_rows(self, model: Any, inputs: Inputs) -> torch.Tensor:
        """See `Family.vision_rows`."""
        video = self._of_video(model)
        pooled = video.video_encoder(pixel_values_videos=inputs["pixels"]).pooler_output
        rows: torch.Tensor = video.video_head(pooled)
        return rows

    def _of_video(self, model: Any) -> Any:
        return model


class PEAudioVideo(PEVideo):
    """Sound is not read: its video and text sides are those of PE-Video."""

    __slots__ = ()

    def prepare(self, model: Any) -> None:
        """See `PEVideo.prepare`; the parts for sound are given up."""
        PEVideo.prepare(self, model)
        model.audio_model = model.audio_video_encoder = None

    def _of_video(self, model: Any) -> Any:
        return model.video_model


def _inverse(scale: float) -> float:
    return 1.0 / scale


_SCALE = ("text_video_logit_scale", _inverse)
PE_VIDEO = PEVideo(model="PeVideoModel", longest=512, scale=_SCALE)
PE_AUDIO_VIDEO = PEAudioVideo(model="PeAudioVideoModel", longest=512, scale=_SCALE)
