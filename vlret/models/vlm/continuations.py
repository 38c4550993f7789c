"""The probabilities of several continuations of one input, which is read once."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch

_AT_ONCE = 32
BLIP = ("blip-2", "instructblip")
"""Families whose language model is called by itself after the input."""


def mean_log_probabilities(
    model: Any, inputs: dict[str, Any], continuations: Sequence[Sequence[int]]
) -> list[float]:
    """The mean log-probability of the tokens of each continuation, in natural logarithms.

    Args:
        model: an image-text-to-text model of transformers.
        inputs: what its processor made of one question, on its device.
        continuations: token ids, at least two each.
    """
    read = _EncoderDecoder if is_encoder_decoder(model) else _Decoder
    prefix = read(model, inputs)
    found: list[float] = []
    for first in range(0, len(continuations), _AT_ONCE):
        some = continuations[first : first + _AT_ONCE]
        ids, lengths = _padded(some, model.device)
        found += _means(prefix.logits(ids), ids, lengths).tolist()
    return found


class _Decoder:
    """A decoder-only model that has read its input: the keys and values of the input are shared by continuations."""

    def __init__(self, model: Any, inputs: dict[str, Any]) -> None:
        read = model(**inputs, use_cache=True, logits_to_keep=1)
        if model.config.model_type in BLIP:
            self._language, self._cache = model.language_model, read.language_model_outputs.cache
        else:
            self._language, self._cache = model, read.cache
        self._first = read.logits[:, -1:]

    def logits(self, ids: torch.Tensor) -> torch.Tensor:
        """What predicts each token of `ids` [n, length]: [n, length, vocabulary]."""
        cache = copy.deepcopy(self._cache)
        cache.batch_repeat_interleave(len(ids))
        # No mask: the input has no padding, and what stands right of a token is not seen by it.
        rest = self._language(input_ids=ids[:, :-1], cache=cache, use_cache=True).logits
        return torch.cat([self._first.expand(len(ids), -1, -1), rest], 1)


class _EncoderDecoder:
    """A model of the BLIP family with an encoder-decoder language model (FLAN-T5) that has encoded its input."""

    def __init__(self, model: Any, inputs: dict[str, Any]) -> None:
        self._language, self._mask = model.language_model, inputs["attention_mask"]
        self._start = self._language.config.decoder_start_token_id
        start = torch.full((1, 1), self._start, device=model.device)
        read = model(**inputs, decoder_input_ids=start)
        self._encoded = read.language_model_outputs.encoder_last_hidden_state

    def logits(self, ids: torch.Tensor) -> torch.Tensor:
        """As `_Decoder.logits`."""
        n = len(ids)
        given = torch.cat([torch.full_like(ids[:, :1], self._start), ids[:, :-1]], 1)
        logits: torch.Tensor = self._language(
            encoder_outputs=(self._encoded.expand(n, -1, -1),),
            attention_mask=self._mask.expand(n, -1),
            decoder_input_ids=given,
        ).logits
        return logits


def is_encoder_decoder(model: Any) -> bool:
    """Whether the model writes what is not a continuation of its input, as T5 does."""
    language = model.language_model if model.config.model_type in BLIP else model
    return bool(language.config.is_encoder_decoder)


def _padded(rows: Sequence[Sequence[int]], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """The rows with zeros on the right, int64 [n, length], and their lengths [n]."""
    ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
    return ids.to(device), torch.tensor([len(row) for row in rows], device=device)


def _means(logits: torch.Tensor, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The mean over the first `lengths` tokens of each row, [n]."""
    found = logits.float().log_softmax(-1).gather(-1, ids[..., None])[..., 0]
    counted = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]
    return (found * counted).sum(1) / lengths
