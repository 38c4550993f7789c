"""Dual encoders of transformers behind the `Embedder` interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import torch

from vlret.errors import UsageError
from vlret.models.base import ModelCard
from vlret.models.dual_encoder import PROMPTS, DualEncoder, unit
from vlret.models.folder import as_model_error
from vlret.models.hf.family import ImageFamily, VideoFamily, fitted
from vlret.models.hf.folder import family_of, licence_in, settings_hash, temperature_in
from vlret.models.hf.parts import Parts
from vlret.models.hf.trained_on import trained_on
from vlret.models.hub import fetch_transformers, hf_repository_of
from vlret.models.image_text import ImageTextEmbedder
from vlret.models.inputs import pixel_list
from vlret.models.weights import sha256
from vlret.text import printable
from vlret.types import Pixels, Tokens

_IMAGE_FRAMES = 8


class TransformersDualEncoder(DualEncoder):
    """What models of images and of videos have in common."""

    def __init__(self, parts: Parts, card: ModelCard) -> None:
        """`card` is that of `card_of`."""
        self.card, self._parts = card, parts
        self._device, self._dtype = parts.device, parts.dtype

    def load(self) -> None:
        """Load the vision side now instead of on first use."""
        with self._running():
            _ = self._parts.vision_tower

    def is_cut(self, text: str) -> bool:
        """Whether `text` has more tokens than the text tower reads."""
        return self._parts.n_tokens(text) > self.card.text_length

    def _encode_texts(self, texts: list[str]) -> torch.Tensor:
        return self._parts.texts(texts)


class TransformersImageEmbedder(TransformersDualEncoder, ImageTextEmbedder):
    """A model of images: the embedding of a clip is the mean over its frames."""

    def __init__(self, parts: Parts, card: ModelCard, family: ImageFamily) -> None:
        """See `TransformersDualEncoder`."""
        super().__init__(parts, card)
        self._family = family

    def _encode_frames(self, frames: Sequence[Pixels]) -> torch.Tensor:
        return self._parts.visions(self._family.image_inputs(self._parts.processor, frames))


class TransformersVideoEmbedder(TransformersDualEncoder):
    """A model of videos: a clip has one visual token, its embedding."""

    def __init__(self, parts: Parts, card: ModelCard, family: VideoFamily) -> None:
        """See `TransformersDualEncoder`."""
        super().__init__(parts, card)
        self._family = family

    @torch.inference_mode()
    def encode_pixels(self, clips: Sequence[Pixels]) -> list[Tokens]:
        """The unit vector of each clip, float32 [1, dim]; see `Embedder.encode_pixels`."""
        with self._running():
            return self._encode([self._pixels_of(clip) for clip in pixel_list(clips)])

    def check_frames(self, n_frames: int) -> None:
        """See `Embedder.check_frames`."""
        if self._family.fixed_frames and n_frames > self.card.frames:
            raise UsageError(
                f"{self.card.name} reads {self.card.frames} frames of a clip, and {n_frames} were asked for.",
                f"Take {self.card.frames}, or fewer, which are repeated.",
                code="frames_of_model",
                model=self.card.name,
                given=n_frames,
                most=self.card.frames,
            )

    def _pixels_of(self, clip: Pixels) -> torch.Tensor:
        seen = fitted(clip, self.card.frames) if self._family.fixed_frames else clip
        return self._family.pixels(self._parts.processor, self._parts.config, seen)

    def _encode(self, clips: list[torch.Tensor]) -> list[Tokens]:
        """Clips of one shape at a time."""
        order = sorted(range(len(clips)), key=lambda i: clips[i].shape)
        tokens: dict[int, Tokens] = {}
        for _, group in groupby(order, key=lambda i: clips[i].shape):
            same = list(group)
            rows = unit(self._parts.visions({"pixels": torch.stack([clips[i] for i in same])}))
            tokens.update(zip(same, rows.numpy()[:, None], strict=True))
        return [tokens[i] for i in range(len(clips))]


def from_source(source: str, device: str = "auto", dtype: str = "auto") -> TransformersDualEncoder:
    """The model in the folder `source`, or of that name on the hub.

    Raises:
        UsageError: it is neither, or holds no dual encoder.
        ModelError: it is not on this machine and cannot be fetched, or is damaged or hostile.
    """
    origin = _origin(source)
    family = family_of(origin.folder)
    parts = Parts(origin.folder, family, device, dtype)
    with as_model_error(f"The settings in {printable(origin.folder)} cannot be used"):
        if isinstance(family, VideoFamily):
            n_frames = family.n_frames(parts.config, parts.processor)
            return TransformersVideoEmbedder(parts, _card(parts, origin, n_frames), family)
        return TransformersImageEmbedder(parts, _card(parts, origin, _IMAGE_FRAMES), family)


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a model comes from; `terms` is what its card says of the licence where the model card names none."""

    folder: Path
    name: str
    revision: str
    terms: str
    trained_on: tuple[str, ...] = ()


def _origin(source: str) -> _Origin:
    repository = hf_repository_of(source)
    if repository is None:
        return _Origin(Path(source), f"hf:{Path(source).resolve()}", "local", "see the folder")
    folder = fetch_transformers(repository)
    terms = f"see https://huggingface.co/{repository}"
    return _Origin(folder, f"hf:{source}", folder.name, terms, trained_on(repository))


def _card(parts: Parts, origin: _Origin, n_frames: int) -> ModelCard:
    return ModelCard(
        name=origin.name,
        revision=origin.revision,
        weights_hash=sha256(parts.weights),
        dim=parts.family.dim(parts.config),
        frames=n_frames,
        resolution=parts.family.resolution(parts.config, parts.processor),
        resize="own",
        licence=licence_in(origin.folder) or origin.terms,
        prompts=PROMPTS,
        temperature=temperature_in(parts.weights, parts.family),
        text_length=parts.text_length,
        preprocessing=f"{parts.family.reads}, settings {settings_hash(parts.folder)}",
        trained_on=origin.trained_on,
    )
