"""A saved VL-JEPA behind the `Embedder` interface; each tower loads on first use.

torch and transformers are imported only for clips, queries and many texts: a text search needs neither.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vlret.models.base import Embedder, check_finite
from vlret.models.device import check_device
from vlret.models.folder import as_model_error, check_folder
from vlret.models.inputs import pixel_list, text_list
from vlret.models.vljepa.checks import existing, read_card, read_config
from vlret.types import Pixels, Vectors
from vlret.vectors import unit_rows

if TYPE_CHECKING:
    import torch

    from vlret.models.vljepa.configuration import VLJEPAConfig
    from vlret.models.vljepa.encoders import XEncoder
    from vlret.models.vljepa.load_towers import TorchYEncoder
    from vlret.models.vljepa.predictor import Predictor
    from vlret.models.vljepa.text_tower import TextTower

log = logging.getLogger(__name__)


class VLJEPA(Embedder):
    """Embeds clips, queries and texts with a VL-JEPA directory (config.json, card.json, tokenizer.json, towers)."""

    def __init__(self, folder: str | Path, device: str = "auto", dtype: str = "auto") -> None:
        """Check the directory and read its card; towers are loaded later.

        Raises:
            ModelError: a file is missing, damaged or hostile, or the weights are not those of the card.
            UsageError: this machine has no such device.
        """
        self.folder = Path(folder)
        check_folder(self.folder)
        self.settings = read_config(self.folder)
        self.card = read_card(self.folder, self.settings)
        check_device(device)
        self._device, self._dtype = device, dtype

    def load(self) -> None:
        """Load X-encoder and predictor now instead of on first use."""
        _ = self.x_encoder, self.predictor

    @property
    def encodes_frames_alone(self) -> bool:
        """True unless the X-encoder is a video model, whose tokens belong to several frames each."""
        return not self.x_encoder.is_video_model

    @property
    def encodes_in_threads(self) -> bool:
        """True on the processor."""
        return self.device.type == "cpu"

    def encode_pixels(self, clips: Sequence[Pixels]) -> list[torch.Tensor]:
        """Return visual tokens: one float32 tensor [tokens, x_width] per clip uint8 [t, height, width, 3]."""
        import torch

        frames = [self.normalise(clip) for clip in pixel_list(clips)]
        with self._running(), torch.inference_mode():
            return _grouped(frames, self._encode)

    def predict(self, tokens: Sequence[torch.Tensor], query: str | None = None) -> Vectors:
        """Return the predicted embeddings float32 [n, dim], unit length, of clips given `query`."""
        import torch

        query_rows = self._query_rows(self.card.default_query if query is None else query)
        with self._running(), torch.inference_mode():
            vectors = _grouped(list(tokens), lambda batch: self._predict(batch, query_rows))
        rows = [vector.numpy() for vector in vectors]
        return self._unit(np.stack(rows)) if rows else np.empty((0, self.card.dim), np.float32)

    def embed_texts(self, texts: Iterable[str]) -> Vectors:
        """Return the target embeddings float32 [n, dim], unit length, of texts."""
        given = text_list(texts)
        if not given:
            return np.empty((0, self.card.dim), np.float32)
        ids = [self.tokens(text, self.card.text_length) for text in given]
        with self._running():
            rows = self.y_encoder.embed(ids)
        return self._unit(rows)

    def is_cut(self, text: str) -> bool:
        """Return whether `text` has more tokens than the Y-encoder reads."""
        return len(self.tokenizer.encode(text).ids) > self.card.text_length

    def tokens(self, text: str, length: int) -> list[int]:
        """Return the token ids of `text`, at most `length`, its end token kept."""
        ids: list[int] = self.tokenizer.encode(text).ids
        return ids if len(ids) <= length else [*ids[: length - 1], ids[-1]]

    def normalise(self, clip: Pixels) -> torch.Tensor:
        """Return a clip uint8 [t, h, w, 3] as the X-encoder reads it, float32 [t, 3, resolution, resolution]."""
        from vlret.models.vljepa.processing import x_encoder_input

        mean, std = self.settings["image_mean"], self.settings["image_std"]
        return x_encoder_input(clip, self.card.resolution, mean, std)

    def _encode(self, frames: torch.Tensor) -> torch.Tensor:
        encoder = self.x_encoder
        return encoder(frames.to(self.device, self.dtype)).float().cpu()  # type: ignore[no-any-return]

    def _predict(self, visual: torch.Tensor, query: torch.Tensor | None) -> torch.Tensor:
        visual = visual.to(self.device)
        mask = visual.new_ones(visual.shape[:2], dtype=bool)  # type: ignore[call-overload]
        if query is None:
            return self.predictor(visual, mask).cpu()  # type: ignore[no-any-return]
        query = query.to(self.device).expand(len(visual), -1, -1)
        query_mask = query.new_ones(query.shape[:2], dtype=bool)  # type: ignore[call-overload]
        return self.predictor(visual, mask, query, query_mask).cpu()  # type: ignore[no-any-return]

    def _query_rows(self, query: str) -> torch.Tensor | None:
        """Return the predictor's query tokens, float32 [1, q, width]; None for the empty query."""
        import torch

        if not query:
            return None
        ids = self.tokens(query, self.settings["query_length"])
        table = self.predictor.embed_tokens
        with self._running():
            if table is None:
                return torch.from_numpy(self.y_encoder.pool([ids]))[None]
            return table(torch.tensor([ids], device=self.device))  # type: ignore[no-any-return]

    @cached_property
    def tokenizer(self) -> Any:
        """The model's own tokenizer, without truncation and padding."""
        from tokenizers import Tokenizer

        file = existing(self.folder / "tokenizer.json")
        with as_model_error(f"{file} is not a readable tokenizer"):
            tokenizer = Tokenizer.from_file(str(file))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def config(self) -> VLJEPAConfig:
        """The configuration as a transformers object."""
        from vlret.models.vljepa.configuration import VLJEPAConfig

        with as_model_error(f"Damaged {self.folder / 'config.json'}"):
            return VLJEPAConfig.from_dict(self.settings)  # type: ignore[no-any-return]

    @cached_property
    def device(self) -> torch.device:
        """Where the torch towers run."""
        from vlret.models.device import pick_device

        return pick_device(self._device)

    @cached_property
    def dtype(self) -> torch.dtype:
        """The X-encoder's dtype; `auto` is bfloat16 where the device computes in it, else float32."""
        from vlret.models.device import pick_dtype

        return pick_dtype(self._dtype, self.device)

    @cached_property
    def x_encoder(self) -> XEncoder:
        """The vision tower, loaded on first use."""
        from vlret.models.vljepa.encoders import fold_batch_norms

        encoder: XEncoder = self._load("x_encoder")
        fold_batch_norms(encoder)
        return encoder.to(self.dtype)

    @cached_property
    def predictor(self) -> Predictor:
        """The predictor, loaded on first use."""
        predictor: Predictor = self._load("predictor")
        return predictor

    @cached_property
    def y_encoder(self) -> TextTower:
        """The text tower, loaded on first use."""
        from vlret.models.vljepa.text_tower import TextTower

        return TextTower(self.folder, self.settings, self._device, self._torch_y_encoder)

    def _torch_y_encoder(self) -> TorchYEncoder:
        from vlret.models.vljepa.load_towers import TorchYEncoder

        return TorchYEncoder(self.folder, self.config, self.device)

    def _load(self, name: str) -> Any:
        from vlret.models.vljepa.load_towers import load_tower

        log.info("loading %s of %s", name, self.card.name)
        return load_tower(name, self.folder, self.config).to(self.device)

    def _running(self) -> AbstractContextManager[None]:
        """Towers that pass every check may still not fit together: the directory is damaged."""
        return as_model_error(f"The model in {self.folder} cannot be run")

    def _unit(self, rows: Vectors) -> Vectors:
        check_finite(rows, self.card.name)
        return unit_rows(rows)


def _grouped(items: list[torch.Tensor], call: Any) -> list[torch.Tensor]:
    """Apply `call` to stacks of equal shape, results in the order of `items`: nothing is padded."""
    import torch

    results: list[torch.Tensor] = [torch.empty(0)] * len(items)
    for shape in {item.shape for item in items}:
        chosen = [i for i, item in enumerate(items) if item.shape == shape]
        for i, row in zip(chosen, call(torch.stack([items[i] for i in chosen])), strict=True):
            results[i] = row
    return results
