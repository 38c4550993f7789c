"""Models of images and texts through sentence-transformers.

A model is always a directory, whether it comes from the user or from the hub. Code in it is never run.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from sentence_transformers import SentenceTransformer

from vlret.errors import UsageError
from vlret.models.base import ModelCard
from vlret.models.bounded import no_larger_than
from vlret.models.device import pick_device, pick_dtype
from vlret.models.dual_encoder import PROMPTS
from vlret.models.folder import as_model_error
from vlret.models.hub import fetch_sentence_transformer, offline, repository_of
from vlret.models.image_side import image_side
from vlret.models.image_text import ImageTextEmbedder
from vlret.models.progress_bars import no_progress_bars
from vlret.models.st_folder import check_st_folder, files_of, weight_files
from vlret.models.weights import sha256
from vlret.types import Pixels, Tokens

_SETTINGS = (
    "modules.json",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "chat_template.jinja",
)
_TEMPERATURE = 0.01
"""CLIP's, for a model whose weights contain none."""


class SentenceTransformerEmbedder(ImageTextEmbedder):
    """Frames as images and texts through `SentenceTransformer.encode`; both run in `dtype`.

    A text-only model loads, too, for tasks on texts; a clip is refused.
    """

    def __init__(
        self, folder: Path, *, name: str, revision: str, licence: str, device: str, dtype: str
    ) -> None:
        """Load the model in `folder`.

        Raises:
            UsageError: the device or dtype is not known, or the model does not read texts.
            ModelError: it cannot be loaded.
        """
        self._device = pick_device(device)
        self._dtype = pick_dtype(dtype, self._device)
        check_st_folder(folder)
        weights = weight_files(folder)
        with _loading(folder):
            self._model = _load(folder, weights, self._device, self._dtype)
            _check_modalities(self._model, name)
            self._prompt = self._model.prompts.get(self._model.default_prompt_name or "", "")
            self.card = self._card(folder, weights, name, revision, licence)

    def _card(self, folder: Path, weights: list[Path], name: str, revision: str, licence: str) -> ModelCard:
        video = ", not as video" if self._model.supports("video") else ""
        settings = sha256(files_of(folder, _SETTINGS))[:16]
        return ModelCard(
            name=name,
            revision=revision,
            weights_hash=sha256(weights),
            dim=self._encode_texts(["a"]).shape[1],  # the library would guess it from the configuration
            frames=8,
            resolution=image_side(getattr(self._model[0], "processor", None)),
            resize="own",
            licence=licence,
            prompts=PROMPTS,
            temperature=_temperature(self._model),
            text_length=_text_length(self._model),
            preprocessing=f"frames as images{video}, prompt {self._prompt!r}, settings {settings}",
        )

    @classmethod
    def from_source(
        cls, source: str, device: str = "auto", dtype: str = "auto"
    ) -> SentenceTransformerEmbedder:
        """The model in the folder `source`, or of that name on the hub.

        Raises:
            UsageError: it is neither.
            ModelError: it is not on this machine and cannot be fetched.
        """
        repository = repository_of(source)
        if repository is None:
            folder = Path(source)
            name, revision, licence = f"st:{folder.resolve()}", "local", "see the folder"
        else:
            folder = fetch_sentence_transformer(repository)
            name, revision = f"st:{source}", folder.name
            licence = f"see https://huggingface.co/{repository}"
        return cls(folder, name=name, revision=revision, licence=licence, device=device, dtype=dtype)

    def is_cut(self, text: str) -> bool:
        """Whether `text`, with the model's own prompt and template, has more tokens than the model reads."""
        whole = {"text": {"truncation": False, "verbose": False}}
        found = self._model.preprocess([{"text": text}], prompt=self._prompt, processing_kwargs=whole)
        return int(found["input_ids"].shape[-1]) > self.card.text_length

    def encode_pixels(self, clips: Sequence[Pixels]) -> list[Tokens]:
        """Unit vectors of each clip's frames, float32 [t, dim]; see `Embedder.encode_pixels`.

        Raises:
            UsageError: the model is text-only.
        """
        self.check_clips()
        return super().encode_pixels(clips)

    def check_clips(self) -> None:
        """See `Embedder.check_clips`."""
        if not self._model.supports("image"):
            raise UsageError(
                f"{self.card.name} is a text-only model: it cannot embed a clip.",
                "Use it for `vlret bench text`, or use a model of images and texts, such as st:clip-ViT-B-32.",
                code="text_only_model",
                model=self.card.name,
            )

    def _encode_frames(self, frames: Sequence[Pixels]) -> torch.Tensor:
        return self._encode([Image.fromarray(frame) for frame in frames])

    def _encode_texts(self, texts: list[str]) -> torch.Tensor:
        # A bare string that looks like the name or address of a picture would be opened as one.
        return self._encode([{"text": text} for text in texts])

    def _encode(self, inputs: list[Any]) -> torch.Tensor:
        vectors: torch.Tensor = self._model.encode(inputs, convert_to_tensor=True, show_progress_bar=False)
        return vectors


def _load(folder: Path, weights: list[Path], device: torch.device, dtype: torch.dtype) -> Any:
    with no_progress_bars(), offline(), no_larger_than(weights):
        return SentenceTransformer(
            str(folder),
            device=str(device),
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"dtype": dtype, "weights_only": True},
        )


def _loading(folder: Path) -> AbstractContextManager[None]:
    return as_model_error(
        f"The model in {folder} cannot be loaded by sentence-transformers",
        "Use a complete directory of a model without code of its own.",
    )


def _check_modalities(model: Any, name: str) -> None:
    if not model.supports("text"):
        reads = ", ".join(map(str, model.modalities))
        raise UsageError(
            f"{name} reads {reads}, and vlret needs a model that reads texts.",
            "Use one such as st:clip-ViT-B-32.",
            code="no_text_model",
            model=name,
        )


def _temperature(model: Any) -> float:
    scale = getattr(model.transformers_model, "logit_scale", None)
    return _TEMPERATURE if scale is None else 1.0 / float(scale.float().exp().item())


def _text_length(model: Any) -> int:
    """Tokens that the model reads: the tokenizer's bound or the text tower's, whichever is smaller."""
    tower = model.config.get_text_config() if model.config else None
    bounds = (model.max_seq_length, getattr(tower, "max_position_embeddings", None))
    return int(min(bound for bound in bounds if bound))
