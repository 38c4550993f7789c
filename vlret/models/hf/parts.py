"""Configuration, tokenizer, processor and towers of a directory, by transformers' own classes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import transformers

from vlret.errors import ModelError
from vlret.models.bounded import no_larger_than, require_types
from vlret.models.device import pick_device, pick_dtype
from vlret.models.folder import as_model_error
from vlret.models.hf.family import Family, Inputs
from vlret.models.hub import offline
from vlret.models.packages import require_packages
from vlret.models.progress_bars import no_progress_bars, no_warnings
from vlret.models.weights import weight_files
from vlret.text import printable

_SAFE = {"local_files_only": True, "trust_remote_code": False}


class Parts:
    """The parts of a dual encoder. Its towers load on first use: each alone where transformers has a class for it.

    Attributes:
        config, tokenizer, processor: transformers' objects; the processor is that of images or of videos.
        weights: its files.
        text_length: tokens that the text tower reads.
    """

    def __init__(self, folder: Path, family: Family, device: str, dtype: str) -> None:
        """Load all but the towers.

        Raises:
            UsageError: the device or dtype is not known.
            ModelError: a file is missing or damaged.
        """
        self.folder, self.family = folder, family
        self.device = pick_device(device)
        self.dtype = pick_dtype(dtype, self.device)
        self.weights = weight_files(folder)
        with _reading(folder):
            self.config = transformers.AutoConfig.from_pretrained(folder, **_SAFE)
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **_SAFE)
            self.processor = getattr(transformers, family.processor).from_pretrained(folder, **_SAFE)
            self.text_length = self._text_length()

    def texts(self, texts: list[str]) -> torch.Tensor:
        """Embeddings [n, dim], of any length, of texts."""
        inputs = self.tokenizer(
            [self.family.clean(text) for text in texts], padding=self.family.padding, truncation=True,
            max_length=self.text_length, return_tensors="pt",
        )  # fmt: skip
        if not self.family.masks:
            inputs.pop("attention_mask", None)
        return self.family.text_rows(self.text_tower, self._moved(inputs))

    def visions(self, inputs: Inputs) -> torch.Tensor:
        """Embeddings [n, dim], of any length, of what the processor made."""
        moved = self._moved(inputs)
        cast = {name: one.to(self.dtype) if one.is_floating_point() else one for name, one in moved.items()}
        return self.family.vision_rows(self.vision_tower, cast)

    def n_tokens(self, text: str) -> int:
        """Tokens of a text, those at its start and end included."""
        return len(self.tokenizer(self.family.clean(text), verbose=False).input_ids)

    @cached_property
    def text_tower(self) -> Any:
        """In float32 where it is a class of its own."""
        name = self.family.text_tower
        return self._load(name, torch.float32, self.config.text_config) if name else self._both

    @cached_property
    def vision_tower(self) -> Any:
        """In `dtype`."""
        name = self.family.vision_tower
        return self._load(name, self.dtype, self.config.vision_config) if name else self._both

    @cached_property
    def _both(self) -> Any:
        return self._load(self.family.model, self.dtype, self.config)

    def _load(self, name: str, dtype: torch.dtype, config: Any) -> Any:
        if hasattr(self.config, "projection_dim"):
            # what counts, whatever the tower's own part says
            config.projection_dim = self.config.projection_dim
        with _reading(self.folder), no_larger_than(self.weights):
            model, report = getattr(transformers, name).from_pretrained(
                self.folder,
                config=config,
                dtype=dtype,
                use_safetensors=True,
                output_loading_info=True,
                **_SAFE,
            )
            _refuse_missing(self.folder, report["missing_keys"])
            for file in self.weights:
                require_types(model, file)
            self.family.prepare(model)
        return model.to(self.device).eval()

    def _text_length(self) -> int:
        positions = self.config.text_config.max_position_embeddings
        return int(min(self.tokenizer.model_max_length, positions, self.family.longest))

    def _moved(self, inputs: Inputs) -> dict[str, torch.Tensor]:
        return {name: tensor.to(self.device) for name, tensor in inputs.items()}


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """transformers without a network, its reports (what they say is refused here) and prints for its own developers."""
    with (
        no_warnings(),
        no_progress_bars(),
        offline(),
        redirect_stdout(io.StringIO()),
        as_model_error(
            f"The model in {printable(folder)} cannot be loaded by transformers {transformers.__version__}",
            "Use a complete directory of a model without code of its own.",
        ),
        require_packages(f"The model in {printable(folder)}"),
    ):
        yield


def _refuse_missing(folder: Path, missing: set[str]) -> None:
    """transformers would fill them with random numbers."""
    if missing:
        raise ModelError(
            f"The weights in {printable(folder)} lack {printable(', '.join(sorted(missing)[:5]))}.",
            "Use the complete weights of both towers.",
            code="weights_mismatch",
            path=folder,
            missing=sorted(missing),
        )
