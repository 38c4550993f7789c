"""Captions that a text decoder writes, a token at a time."""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vlret.models.base import Embedder
from vlret.models.captioners.base import Captioner
from vlret.models.captioners.decoder_folder import load_decoder, load_tokenizer, read_card
from vlret.models.captioners.embedding_rows import embedding_rows
from vlret.models.folder import as_model_error
from vlret.types import Caption, Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from vlret.models.captioners.text_decoder import TextDecoder

log = logging.getLogger(__name__)

_BATCH = 64


class GenerativeCaptioner(Captioner):
    """A text decoder on the embeddings of one model (paper, section 3.1: the Y-decoder); deterministic.

    Args:
        folder: of the text decoder (`decoder_folder`).
        embedder: the model whose embeddings are captioned; it scores the captions.
        beams: texts that decoding follows at once; None takes the card's number, 1 is greedy decoding.

    Raises:
        ModelError: the directory is no text decoder, damaged or hostile.
    """

    def __init__(self, folder: str | Path, embedder: Embedder, beams: int | None = None) -> None:
        self.folder = Path(folder)
        self.card = read_card(self.folder)
        self.name, self.space = self.card.name, self.card.space
        self.unknown_threshold = self.card.unknown_threshold
        self._embedder, self._beams = embedder, beams or self.card.beams

    def caption(self, embeddings: Vectors) -> list[Caption]:
        """Return one caption for each of `embeddings`; see `Captioner.caption`."""
        rows = embedding_rows(embeddings, self.card.dim)
        texts: list[str] = []
        for first in range(0, len(rows), _BATCH):
            texts += self._write(rows[first : first + _BATCH])
        scores = np.einsum("nd,nd->n", self._embedder.embed_texts(texts), rows) if texts else np.empty(0)
        return [Caption(text, float(score)) for text, score in zip(texts, scores, strict=True)]

    def _write(self, rows: Vectors) -> list[str]:
        import torch

        given = torch.from_numpy(rows).to(self._embedder.device)
        with as_model_error(f"The text decoder in {self.folder} cannot be run"):
            tokens = self.decoder.write(given, self._beams, self.card.longest)
            texts: list[str] = self.tokenizer.decode_batch(tokens, skip_special_tokens=True)
        return [" ".join(text.split()) for text in texts]

    @cached_property
    def decoder(self) -> TextDecoder:
        """The text decoder, loaded on first use."""
        log.info("loading the text decoder %s", self.card.name)
        return load_decoder(self.folder, self.card).to(self._embedder.device)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The text decoder's own tokenizer."""
        return load_tokenizer(self.folder)
