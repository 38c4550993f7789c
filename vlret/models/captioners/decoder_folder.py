"""A text decoder on disk: config.json, card.json, tokenizer.json and decoder.safetensors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save
from tokenizers import Tokenizer
from transformers import AutoConfig

from vlret.errors import ModelError
from vlret.files import replace_file
from vlret.models.bounded import dry_run
from vlret.models.captioners.decoder_card import DecoderCard
from vlret.models.captioners.text_decoder import TextDecoder
from vlret.models.fields import wrong
from vlret.models.folder import AGAIN, as_model_error, check_folder, read_object
from vlret.models.hub import offline
from vlret.models.weights import FLOATS, read_header, require_tensor, sha256
from vlret.text import printable

CONFIG, CARD, TOKENIZER, WEIGHTS = "config.json", "card.json", "tokenizer.json", "decoder.safetensors"
KINDS = ("llama", "gpt2", "qwen2", "qwen3", "gemma3_text")
"""Language models of transformers that are known to work; others might ask the hub."""
_TIED = "lm.lm_head.weight"


def read_card(folder: Path) -> DecoderCard:
    """Return the card of the text decoder in `folder`, which matches its weights.

    Raises:
        ModelError: it is missing, damaged or hostile, or does not match.
    """
    missing = [name for name in (CONFIG, CARD, TOKENIZER, WEIGHTS) if not (folder / name).is_file()]
    if missing:
        raise ModelError(
            f"{printable(folder)} holds no text decoder: it has no {missing[0]}.",
            f"Give a directory with {CONFIG}, {CARD}, {TOKENIZER} and {WEIGHTS}.",
            code="not_a_text_decoder",
            path=folder,
        )
    check_folder(folder)
    try:
        card = DecoderCard.from_dict(read_object(folder / CARD))
    except ValueError as error:
        raise ModelError(
            f"Damaged {folder / CARD}: {error}.", AGAIN, code="damaged_card", path=folder / CARD
        ) from error
    if card.weights_hash != sha256([folder / WEIGHTS]):
        raise ModelError(
            f"The weights in {folder} do not match its {CARD}.", AGAIN, code="weights_mismatch", path=folder
        )
    return card


def load_decoder(folder: Path, card: DecoderCard) -> TextDecoder:
    """Return the text decoder in `folder`, float32, ready for inference.

    Raises:
        ModelError: its configuration or a weight is damaged, or they do not fit together.
    """
    config = _read_config(folder / CONFIG)
    file = folder / WEIGHTS
    with offline(), as_model_error(f"The text decoder in {folder} cannot be loaded"):
        language_model = AutoConfig.for_model(**config)

        def build() -> TextDecoder:
            return TextDecoder(language_model, card.dim, card.prefix_length)

        _check_fit(dry_run(build, [file]), file)
        decoder = build()
        weights = {name: value.float() for name, value in load_file(file).items()}
        decoder.load_state_dict(weights, strict=False)  # the tied head is not in the file
    return decoder.eval().requires_grad_(False)


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer in `folder`.

    Raises:
        ModelError: it is damaged.
    """
    with as_model_error(f"{folder / TOKENIZER} is not a readable tokenizer"):
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def save_decoder(decoder: TextDecoder, tokenizer: Tokenizer, folder: Path) -> str:
    """Write all but the card, weights in float16; returns the SHA-256 of the weights."""
    config = decoder.lm.config.to_diff_dict() | {"model_type": decoder.lm.config.model_type}
    replace_file(folder / CONFIG, (json.dumps(config, indent=1, default=str) + "\n").encode())
    replace_file(folder / TOKENIZER, tokenizer.to_str().encode())
    weights = {
        name: value.detach().half().contiguous().cpu()
        for name, value in decoder.state_dict().items()
        if not (name == _TIED and decoder.lm.config.tie_word_embeddings)
    }
    replace_file(folder / WEIGHTS, save(weights))
    return sha256([folder / WEIGHTS])


def write_card(card: DecoderCard, folder: Path) -> None:
    """Write the card of a text decoder."""
    replace_file(folder / CARD, (json.dumps(card.to_dict(), indent=1) + "\n").encode())


def _read_config(file: Path) -> dict[str, Any]:
    config = read_object(file)
    if config.get("model_type") not in KINDS:
        error = wrong("model_type", config.get("model_type"), f"{', '.join(KINDS)}")
        raise ModelError(f"Damaged {file}: {error}.", AGAIN, code="damaged_config", path=file)
    return config


def _check_fit(empty: TextDecoder, file: Path) -> None:
    """Set the header of the weights against a decoder that takes no memory yet."""
    header, expected = read_header(file), empty.state_dict()
    if empty.lm.config.tie_word_embeddings:
        expected.pop(_TIED, None)
    if missing := sorted(expected.keys() ^ header.keys()):
        raise ModelError(
            f"The weights in {file} do not match its {CONFIG}: {', '.join(missing[:5])}.",
            "Use the files of one and the same text decoder.",
            code="weights_mismatch",
            path=file,
        )
    for name, tensor in expected.items():
        require_tensor(file, name, header[name], tensor.shape, FLOATS)
