"""Who is scored: a model, the plain CLIP-style baseline on its towers, and the same model before any training."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional

import vlret
from vlret.models.base import Embedder
from vlret.models.registry import ASSETS
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.types import Vectors

MINI = ASSETS / "vljepa-mini"
BASELINE, UNTRAINED = "baseline", "untrained"
HEADS = Path(__file__).with_name("baseline.safetensors")


class LinearBaseline(VLJEPA):
    """The towers of a model folder under two linear layers of its own; it takes no query.

    `heads` holds `visual.weight`, `visual.bias`, `text.weight` and `text.bias`.
    """

    def __init__(self, folder: Path, heads: dict[str, torch.Tensor], dtype: str = "float32") -> None:
        super().__init__(folder, dtype=dtype)
        self.heads = {name: value.float() for name, value in heads.items()}

    def predict(self, tokens: Sequence[torch.Tensor], query: str | None = None) -> Vectors:
        """Embeddings float32 [n, dim], unit length: the query is not read."""
        return self._through("visual", torch.stack([clip.mean(0) for clip in tokens]))

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embeddings float32 [n, dim], unit length."""
        ids = [self.tokens(text, self.card.text_length) for text in texts]
        return self._through("text", torch.from_numpy(self.y_encoder.pool(ids)))

    def _through(self, side: str, rows: torch.Tensor) -> Vectors:
        rows = functional.linear(rows, self.heads[f"{side}.weight"], self.heads[f"{side}.bias"])
        return functional.normalize(rows, dim=-1).numpy()


def contestant(name: str, dtype: str) -> Embedder:
    """`baseline`, `untrained`, or any name or folder that `vlret.load_model` takes."""
    if name == BASELINE:
        return LinearBaseline(MINI, load_file(HEADS), dtype)
    if name == UNTRAINED:
        return VLJEPA(write_untrained(Path(tempfile.mkdtemp())), dtype=dtype)
    return vlret.load_model(name, dtype=dtype)


def write_untrained(folder: Path) -> Path:
    """A model of vljepa-mini's shape with random weights, saved in `folder`."""
    torch.manual_seed(0)
    model = VLJEPAModel(VLJEPAConfig.from_pretrained(MINI))
    table = model.y_encoder.model.get_input_embeddings()
    table.quantise(torch.randn(table.weight.shape))
    model.save_pretrained(folder)
    for file in ("card.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(MINI / file, folder / file)
    return folder
