"""The language model of a text decoder and its vocabulary: new, or published weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from vlret.errors import ModelError
from vlret.models.captioners.decoder_folder import KINDS
from vlret.models.captioners.text_decoder import TextDecoder
from vlret.models.folder import as_model_error, check_folder
from vlret.models.hub import offline
from vlret.training.text_decoder.recipe import DecoderRecipe
from vlret.training.text_decoder.vocabulary import SPECIAL, make_tokenizer


def initial_decoder(recipe: DecoderRecipe, texts: list[str], dim: int) -> tuple[TextDecoder, Tokenizer]:
    """Return the untrained decoder of a recipe, and its tokenizer; `texts` are what a new vocabulary is made from.

    Raises:
        ModelError: published weights do not exist or cannot be loaded.
    """
    if "weights" in recipe.language_model:
        return _published(Path(recipe.language_model["weights"]), recipe.prefix_length, dim)
    tokenizer = make_tokenizer(texts, recipe.data.vocabulary)
    settings = {**recipe.language_model, **SPECIAL, "vocab_size": tokenizer.get_vocab_size()}
    return TextDecoder(AutoConfig.for_model(**settings), dim, recipe.prefix_length), tokenizer


def _published(path: Path, prefix_length: int, dim: int) -> tuple[TextDecoder, Tokenizer]:
    """The causal language model in a directory or a GGUF file, behind a new prefix."""
    if not path.exists():
        raise ModelError(
            f"{path} does not exist.",
            "Give the directory or the GGUF file of a language model.",
            code="file_missing",
            path=path,
        )
    place: dict[str, Any] = {} if path.is_dir() else {"gguf_file": path.name}
    folder = path if path.is_dir() else path.parent
    check_folder(folder)
    with offline(), as_model_error(f"The language model {path} cannot be loaded"):
        lm = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **place)
        tokenizer = AutoTokenizer.from_pretrained(folder, **place)
        if lm.config.model_type not in KINDS:
            raise ValueError(f"its model_type {lm.config.model_type} is none of {', '.join(KINDS)}")
        lm.config.pad_token_id = lm.config.pad_token_id or lm.config.eos_token_id
        decoder = TextDecoder(lm.config, dim, prefix_length)
        decoder.lm.load_state_dict(lm.state_dict())
        backend: Tokenizer = tokenizer.backend_tokenizer
    return decoder, backend
