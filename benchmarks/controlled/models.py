"""Both models of a recipe, and what they are read out with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig

from benchmarks.controlled.decoder import Described, token_ids, train_decoder
from benchmarks.controlled.evaluate import JointReader, TokenReader
from benchmarks.controlled.pairs import Pairs
from benchmarks.controlled.recipe import Recipe
from benchmarks.controlled.token_model import TokenModel
from benchmarks.controlled.vl_jepa import NO_TOKENS, SmallVLJEPA, new_predictor, predictor_from
from vlret.models.base import Embedder
from vlret.models.captioners.text_decoder import TextDecoder
from vlret.models.folder import as_model_error
from vlret.models.hub import offline
from vlret.models.vljepa.predictor import Predictor
from vlret.training.adapters.base import existing_weights
from vlret.training.text_decoder.embeddings import text_embeddings
from vlret.training.text_decoder.vocabulary import SPECIAL, make_tokenizer
from vlret.vectors import unit_rows

VL_JEPA, TOKEN_MODEL = "VL-JEPA", "token model"
ATTENTION = "eager"
"""Of the token model: on texts of twenty tokens, a processor trains with it a third faster than with `sdpa`."""
DECODER_VOCABULARY = 4096
"""Tokens of the text decoder of the VL-JEPA, whatever the recipe."""


@dataclass(frozen=True)
class Workshop:
    """Makes both models of a recipe, and the readers that turn them into captions and names.

    Attributes:
        recipe: of the comparison.
        pairs: what they are trained on.
        embedder: of the target space, reads texts.
        folder: receives what is computed once: the embeddings of the captions, and the text decoder.
        dev: captions of images of dev, which choose the best epoch of the text decoder.
    """

    recipe: Recipe
    pairs: Pairs
    embedder: Embedder
    folder: Path
    dev: list[list[str]]

    def model(self, kind: str, seed: int) -> SmallVLJEPA | TokenModel:
        """Return the untrained `VL_JEPA` or `TOKEN_MODEL`."""
        torch.manual_seed(seed)
        width, dim = self.pairs.kinds[0].tokens.shape[-1], self.embedder.card.dim
        if kind == VL_JEPA:
            return SmallVLJEPA(self._predictor(width, dim), torch.from_numpy(self.targets))
        ids = token_ids(self.tokenizer, self.pairs.captions.texts, self._token_config.eos_token_id)
        model = TokenModel(self._token_config, width, ids)
        if self.published is not None:
            model.lm.load_state_dict(self.published.state_dict())
        return model

    def reader(self, model: SmallVLJEPA | TokenModel) -> JointReader | TokenReader:
        """Return what writes captions and scores names with `model`."""
        if isinstance(model, TokenModel):
            return TokenReader(model, self.tokenizer)
        return JointReader(model, self.decoder, self.decoder_tokenizer, self.embedder.embed_texts)

    @cached_property
    def targets(self) -> NDArray[np.float16]:
        """Embeddings of the captions, float16 [texts, dim]."""
        return np.asarray(
            text_embeddings(self.pairs.captions.originals, self.embedder, self.folder / "texts.npy")
        )

    @cached_property
    def decoder(self) -> TextDecoder:
        """The text decoder of the target space."""
        rows = [self.embedder.embed_texts(texts).mean(0) for texts in self.dev]
        dev = Described(unit_rows(np.stack(rows)), self.dev)
        return train_decoder(
            self.pairs.captions, self.targets, dev, self.decoder_tokenizer, self.folder / "decoder"
        )

    @cached_property
    def decoder_tokenizer(self) -> Tokenizer:
        """The text decoder's tokenizer."""
        return make_tokenizer(self.pairs.captions.texts, DECODER_VOCABULARY)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The token model's tokenizer."""
        if not self.recipe.weights:
            return make_tokenizer(self.pairs.captions.texts, self.recipe.vocabulary)
        file = existing_weights(Path(self.recipe.weights))
        with offline(), as_model_error(f"The language model {file} cannot be loaded"):
            published = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
        backend: Tokenizer = published.backend_tokenizer
        return backend

    @cached_property
    def published(self) -> Any:
        """The language model that both start as, or None."""
        if not self.recipe.weights:
            return None
        file = existing_weights(Path(self.recipe.weights))
        with offline(), as_model_error(f"The language model {file} cannot be loaded"):
            return AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)

    @cached_property
    def _token_config(self) -> LlamaConfig:
        if self.published is not None:
            config = self.published.config
            config.pad_token_id = config.pad_token_id or config.eos_token_id
            config._attn_implementation = ATTENTION
            return config
        layers, size = self.recipe.token_layers, self.tokenizer.get_vocab_size()
        tied = {"vocab_size": size, "tie_word_embeddings": True, "attn_implementation": ATTENTION, **SPECIAL}
        return LlamaConfig(**self.recipe.blocks, num_hidden_layers=layers, **tied)

    def _predictor(self, width: int, dim: int) -> Predictor:
        if self.published is not None:
            return predictor_from(self.published.model, self.recipe.layers, width, dim)
        layers = {"num_hidden_layers": self.recipe.layers}
        return new_predictor(LlamaConfig(**self.recipe.blocks, **layers, **NO_TOKENS), width, dim)
