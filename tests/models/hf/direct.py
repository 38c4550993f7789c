"""The same embeddings by direct calls of transformers, one clip and one text at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import normalize
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer, AutoVideoProcessor

N_FRAMES = 4
"""Of the tiny models of videos."""


class Direct:
    """A model of `tests.models.hf.folders`."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.model = AutoModel.from_pretrained(folder).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        auto = (
            AutoVideoProcessor if kind in ("videoprism", "pe_video", "pe_audio_video") else AutoImageProcessor
        )
        self.processor = auto.from_pretrained(folder)

    @torch.inference_mode()
    def clip(self, clip: np.ndarray) -> np.ndarray:
        rows = normalize(self._visions(clip), dim=-1)
        return normalize(rows.mean(0), dim=-1).numpy()

    @torch.inference_mode()
    def text(self, text: str) -> np.ndarray:
        return normalize(self._text(text), dim=-1)[0].numpy()

    def _visions(self, clip: np.ndarray) -> torch.Tensor:
        frames = [Image.fromarray(frame) for frame in clip]
        if self.kind == "xclip":
            return self.model.get_video_features(**self.processor(frames, return_tensors="pt")).pooler_output
        if self.kind == "videoprism":
            size = {"height": 32, "width": 32}
            videos = self.processor(videos=[clip], size=size, do_normalize=False, return_tensors="pt")
            return self.model.get_video_features(**videos).pooler_output[:, 0]
        if self.kind.startswith("pe"):
            return self._pe(self.processor(videos=[clip], return_tensors="pt"), "a cat").video_embeds
        outputs = [
            self.model.get_image_features(**self.processor(images=one, return_tensors="pt")) for one in frames
        ]
        return torch.cat([output.pooler_output for output in outputs])

    def _text(self, text: str) -> torch.Tensor:
        if self.kind.startswith("pe"):
            videos = self.processor(videos=[np.zeros((2, 8, 8, 3), np.uint8)], return_tensors="pt")
            return self._pe(videos, text).text_video_embeds
        if self.kind in ("siglip", "siglip2"):
            tokens = self._tokens(text.lower(), padding="max_length")
            return self.model.get_text_features(input_ids=tokens["input_ids"]).pooler_output
        padding = "max_length" if self.kind in ("align", "videoprism") else "do_not_pad"
        return self.model.get_text_features(**self._tokens(text, padding=padding)).pooler_output

    def _pe(self, videos: Any, text: str) -> Any:
        """`forward` of PE-Video with the hidden state before the last norm, as it was trained."""
        model = getattr(self.model, "video_model", self.model)
        model.text_model.config.tie_last_hidden_states = False
        return model(**videos, **self._tokens(text))

    def _tokens(self, text: str, **more: Any) -> Any:
        return self.tokenizer([text], truncation=True, max_length=16, return_tensors="pt", **more)
