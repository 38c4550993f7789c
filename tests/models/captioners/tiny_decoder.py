"""A text decoder of a few thousand random weights for the four dimensions of `ColourEmbedder`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoConfig

from tests.conftest import COLOURS, ColourEmbedder
from vlret.models.captioners.decoder_card import DecoderCard
from vlret.models.captioners.decoder_folder import save_decoder, write_card
from vlret.models.captioners.text_decoder import TextDecoder

WORDS = ["[pad]", "[start]", "[end]", *COLOURS, "a", "something", "very"]
LLAMA = {
    "model_type": "llama", "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 2, "tie_word_embeddings": True,
}  # fmt: skip


def write_decoder(folder: Path, config: dict[str, Any] = LLAMA, **changed: Any) -> Path:
    """Write one with random weights, the same ones every time; `changed` are fields of its card."""
    torch.manual_seed(0)
    special = {"vocab_size": len(WORDS), "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    decoder = TextDecoder(AutoConfig.for_model(**config, **special), dim=4, prefix_length=2)
    with torch.no_grad():
        decoder.prefix.weight.normal_(0, 3)
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="a"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(WORDS[:3])
    digest = save_decoder(decoder, tokenizer, folder)
    fields = {
        "name": "tiny", "weights_hash": digest, "space": ColourEmbedder().card.weights_hash, "dim": 4,
        "prefix_length": 2, "beams": 2, "longest": 6, "licence": "", "trained_on": (),
    }  # fmt: skip
    write_card(DecoderCard(**(fields | changed)), folder)
    return folder
