"""Captions that a text decoder writes, a token at a time."""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

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

SCORE_WEIGHT = 3.0
"""Of the score, beside the mean log probability; of 0.3, 1, 3 and 10 it gave the best CIDEr on dev."""
_TEXTS_AT_ONCE = 192
"""Rows times beams: the memory of decoding does not grow with the beams."""


class GenerativeCaptioner(Captioner):
    """A text decoder on the embeddings of one model (the paper calls it Y-decoder); deterministic.

    Args:
        folder: of the text decoder (`decoder_folder`).
        embedder: the model whose embeddings are captioned; it scores the captions.

    Raises:
        ModelError: the directory is no text decoder, damaged or hostile.
    """

    def __init__(self, folder: str | Path, embedder: Embedder) -> None:
        self.folder = Path(folder)
        self.card = read_card(self.folder)
        self.name, self.space = self.card.name, self.card.space
        self.unknown_threshold = self.card.unknown_threshold
        self._embedder = embedder
        self.revision = f"{self.card.weights_hash[:12]}-{self.card.beams}-{self.card.longest}"

    def caption(self, embeddings: Vectors) -> list[Caption]:
        """Return one caption for each of `embeddings`; see `Captioner.caption`.

        Of the texts that decoding ends with, the one whose score and mean log probability are best together.
        """
        rows = embedding_rows(embeddings, self.card.dim)
        at_once = _TEXTS_AT_ONCE // self.card.beams
        captions: list[Caption] = []
        for first in range(0, len(rows), at_once):
            captions += self._batch(rows[first : first + at_once])
        return captions

    def _batch(self, rows: Vectors) -> list[Caption]:
        texts, log_probabilities = self._write(rows)
        vectors = self._embedder.embed_texts(texts).reshape(*log_probabilities.shape, -1)
        scores = np.einsum("nbd,nd->nb", vectors, rows)
        best = (log_probabilities + SCORE_WEIGHT * scores).argmax(axis=1)
        n_beams = log_probabilities.shape[1]
        return [Caption(texts[n * n_beams + b], float(scores[n, b])) for n, b in enumerate(best.tolist())]

    def _write(self, rows: Vectors) -> tuple[list[str], NDArray[np.float32]]:
        import torch

        given = torch.from_numpy(rows).to(self._embedder.device)
        with as_model_error(f"The text decoder in {self.folder} cannot be run"):
            written = self.decoder.write(given, self.card.beams, self.card.longest)
            texts: list[str] = self.tokenizer.decode_batch(written.tokens, skip_special_tokens=True)
        return [" ".join(text.split()) for text in texts], written.scores

    @cached_property
    def decoder(self) -> TextDecoder:
        """The text decoder, loaded on first use."""
        log.info("loading the text decoder %s", self.card.name)
        return load_decoder(self.folder, self.card).to(self._embedder.device)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The text decoder's own tokenizer."""
        return load_tokenizer(self.folder)
