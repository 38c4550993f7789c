"""The text decoder that reads the VL-JEPA's predictions: trained on texts alone, once for all runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import LlamaConfig

from vlret.evaluation.metrics.cider import cider
from vlret.models.captioners.text_decoder import TextDecoder
from vlret.training.text_decoder.captions import Captions
from vlret.training.text_decoder.recipe import DecoderStage
from vlret.training.text_decoder.scores import greedy_texts
from vlret.training.text_decoder.sources import mixed_captions
from vlret.training.text_decoder.stage import DecoderTrainer
from vlret.training.text_decoder.vocabulary import SPECIAL
from vlret.types import Vectors


@dataclass(frozen=True)
class Described:
    """Images by their captions alone: the mean embedding of them, float32 [n, dim] of unit length, and they."""

    embeddings: Vectors
    captions: list[list[str]]


LONGEST = 32
"""Tokens of a caption at most, of both models."""
PREFIX = 4
STAGE = DecoderStage(
    epochs=2, batch=64, rate=1e-3, weight_decay=0.05, dropout=0.1, noise=1.5, label_smoothing=0.1
)
"""The stage `texts` of recipes/decoder, with a second epoch: there are fewer texts."""
BLOCKS = {
    "hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 3, "num_attention_heads": 3,
    "num_key_value_heads": 3, "max_position_embeddings": 128, "tie_word_embeddings": True,
    "attn_implementation": "eager",
}  # fmt: skip


def train_decoder(
    captions: Captions,
    embeddings: NDArray[np.float16],
    dev: Described,
    tokenizer: Tokenizer,
    folder: Path,
) -> TextDecoder:
    """Return the decoder of captions from embeddings [captions, dim] of the target space; it sees no image.

    Its best epoch is chosen on `dev`. Training resumes after its last finished epoch.
    """
    torch.manual_seed(0)
    config = LlamaConfig(**BLOCKS, **SPECIAL, vocab_size=tokenizer.get_vocab_size())
    decoder = TextDecoder(config, embeddings.shape[1], PREFIX)
    folder.mkdir(parents=True, exist_ok=True)
    ids = token_ids(tokenizer, captions.texts, SPECIAL["eos_token_id"])
    source = mixed_captions(captions, embeddings)
    trainer = DecoderTrainer("texts", decoder, STAGE, source, captions.pairs, ids, torch.bfloat16, 0)

    def score() -> float:
        texts = greedy_texts(decoder, tokenizer, LONGEST, dev.embeddings)
        return float(cider(texts, dev.captions).mean())

    trainer.train(score, folder)
    return decoder.eval()


def token_ids(tokenizer: Tokenizer, texts: list[str], end: int) -> list[list[int]]:
    """Return the ids of texts, at most `LONGEST` with the end token."""
    encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
    return [[*one.ids[: LONGEST - 1], end] for one in encoded]
