"""A saved VL-JEPA behind the `Embedder` interface; each tower loads on first use.

torch and transformers are imported only where the engine is PyTorch, and for many texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vlret.models.base import Embedder, check_finite
from vlret.models.device import check_device
from vlret.models.folder import as_model_error, check_folder
from vlret.models.inputs import pixel_list, text_list
from vlret.models.vljepa.checks import QUERY_TOKENIZER, existing, read_card, read_config
from vlret.models.vljepa.engines.choose import Requested, open_openvino
from vlret.types import Pixels, Tokens, Vectors
from vlret.vectors import unit_rows

if TYPE_CHECKING:
    import torch

    from vlret.models.vljepa.configuration import VLJEPAConfig
    from vlret.models.vljepa.engines.base import Engine
    from vlret.models.vljepa.engines.torch_engine import TorchEngine
    from vlret.models.vljepa.load_towers import TorchYEncoder
    from vlret.models.vljepa.text_tower import TextTower


class VLJEPA(Embedder):
    """Embeds clips, queries and texts with a VL-JEPA directory (config.json, card.json, tokenizer.json, towers)."""

    def __init__(
        self, folder: str | Path, device: str = "auto", dtype: str = "auto", engine: str = "auto"
    ) -> None:
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
        self._requested = Requested(device, dtype, engine)
        if engine == "openvino":
            _ = self._engine  # refused before anything is done

    @classmethod
    def from_pretrained(
        cls, name_or_folder: str | Path, device: str = "auto", dtype: str = "auto", engine: str = "auto"
    ) -> VLJEPA:
        """Return the model of a directory, or of a repository OWNER/MODEL of the Hugging Face hub.

        Raises:
            UsageError: it is neither.
            ModelError: it is not in the hub's cache and cannot be fetched, or as the constructor.
        """
        from vlret.models.hub import fetch_transformers, hf_repository_of

        repository = hf_repository_of(str(name_or_folder))
        folder = fetch_transformers(repository) if repository else Path(name_or_folder)
        return cls(folder, device, dtype, engine)

    def save_pretrained(self, folder: str | Path, metrics: Mapping[str, object] | None = None) -> None:
        """Copy the model to a directory, with a README.md that says what it is.

        Args:
            folder: created.
            metrics: what was measured to its value, for the README.md.

        Raises:
            OutputError: it cannot be written.
        """
        from vlret.models.vljepa.publish import Publication, save

        save(Publication(self.folder, self.card, self.settings, metrics or {}), Path(folder))

    def push_to_hub(
        self, repository: str, private: bool = False, metrics: Mapping[str, object] | None = None
    ) -> str:
        """Publish the model, with a README.md, as OWNER/MODEL on the Hugging Face hub; returns the URL of the commit.

        Log in before: `hf auth login`.

        Raises:
            UsageError: `repository` is no name of the hub.
            ModelError: the hub cannot be reached or refuses.
        """
        from vlret.models.vljepa.publish import Publication, push

        return push(Publication(self.folder, self.card, self.settings, metrics or {}), repository, private)

    def load(self) -> None:
        """Load X-encoder and predictor now instead of on first use."""
        with self._running():
            self._engine.load()

    @property
    def encodes_frames_alone(self) -> bool:
        """True unless the X-encoder is a video model, whose tokens belong to several frames each."""
        return self._engine.encodes_frames_alone

    @property
    def encodes_in_threads(self) -> bool:
        """True for PyTorch on the processor."""
        return self.engine == "torch" and self.device == "cpu"

    def encode_pixels(self, clips: Sequence[Pixels]) -> list[Tokens]:
        """Return visual tokens: one float32 array [tokens, x_width] per clip uint8 [t, height, width, 3]."""
        given = pixel_list(clips)
        with self._running():
            return self._engine.encode(given) if given else []

    def predict(self, tokens: Sequence[Tokens], query: str | None = None) -> Vectors:
        """Return the predicted embeddings float32 [n, dim], unit length, of clips given `query`."""
        query = self.card.default_query if query is None else query
        ids = self.query_tokens(query)
        if not tokens:
            return np.empty((0, self.card.dim), np.float32)
        with self._running():
            rows = self._engine.predict(tokens, ids)
        return self._unit(rows)

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
        """Return the token ids of `text` for the Y-encoder, at most `length`, its end token kept."""
        return _tokens(self.tokenizer, text, length)

    def query_tokens(self, query: str) -> list[int]:
        """Return the token ids of `query` for the predictor, at most `query_length`; none for ""."""
        return _tokens(self.query_tokenizer, query, self.settings["query_length"]) if query else []

    @cached_property
    def tokenizer(self) -> Any:
        """The model's own tokenizer, without truncation and padding."""
        return _read_tokenizer(self.folder / "tokenizer.json")

    @cached_property
    def query_tokenizer(self) -> Any:
        """The tokenizer of the predictor's token table, or `tokenizer` where it has none."""
        has_own = self.settings["query_embeddings"] == "own"
        return _read_tokenizer(self.folder / QUERY_TOKENIZER) if has_own else self.tokenizer

    @cached_property
    def config(self) -> VLJEPAConfig:
        """The configuration as a transformers object."""
        from vlret.models.vljepa.configuration import VLJEPAConfig

        with as_model_error(f"Damaged {self.folder / 'config.json'}"):
            return VLJEPAConfig.from_dict(self.settings)  # type: ignore[no-any-return]

    @property
    def device(self) -> str:
        """Where the towers run."""
        return self._engine.device

    @property
    def dtype(self) -> str:
        """The X-encoder's number format; `auto` is bfloat16 where the device computes in it, else float32."""
        return self._engine.dtype

    @property
    def engine(self) -> str:
        """The library that computes X-encoder and predictor."""
        return self._engine.name

    @cached_property
    def _engine(self) -> Engine:
        found = open_openvino(self.folder, self.card.name, self.settings, self._requested, self._pool)
        return found or self.torch_engine

    @cached_property
    def torch_engine(self) -> TorchEngine:
        """X-encoder and predictor as torch modules, whatever the engine: for training, and as the reference."""
        from vlret.models.vljepa.engines.torch_engine import TorchEngine

        dtype = self._requested.dtype
        return TorchEngine(self.folder, self.settings, self.config, self.torch_device, dtype, self._pool)

    @cached_property
    def y_encoder(self) -> TextTower:
        """The text tower, loaded on first use."""
        from vlret.models.vljepa.text_tower import TextTower

        return TextTower(self.folder, self.settings, self._requested.device, self._torch_y_encoder)

    @cached_property
    def torch_device(self) -> torch.device:
        """Where the towers run that PyTorch computes."""
        from vlret.models.device import pick_device

        return pick_device(self._requested.device)

    def _torch_y_encoder(self) -> TorchYEncoder:
        from vlret.models.vljepa.load_towers import TorchYEncoder

        return TorchYEncoder(self.folder, self.config, self.torch_device)

    def _pool(self, texts: Sequence[list[int]]) -> Vectors:
        """The states of queries; the text tower is loaded only if there are any."""
        return self.y_encoder.pool(texts)

    def _running(self) -> AbstractContextManager[None]:
        """Towers that pass every check may still not fit together: the directory is damaged."""
        return as_model_error(f"The model in {self.folder} cannot be run")

    def _unit(self, rows: Vectors) -> Vectors:
        check_finite(rows, self.card.name)
        return unit_rows(rows)


def _read_tokenizer(file: Path) -> Any:
    from tokenizers import Tokenizer

    with as_model_error(f"{existing(file)} is not a readable tokenizer"):
        tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _tokens(tokenizer: Any, text: str, length: int) -> list[int]:
    encoded = tokenizer.encode(text)
    ids: list[int] = encoded.ids
    if len(ids) <= length:
        return ids
    end = ids[-1:] if encoded.special_tokens_mask[-1] else []  # a Llama's texts have none
    return [*ids[: length - len(end)], *end]
