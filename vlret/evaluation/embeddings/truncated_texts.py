"""Texts truncated to the same length for all models, so that none reads more than the others."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def truncate(text: str, n_tokens: int) -> str:
    """The whole words of `text` that fit into `n_tokens` of CLIP's vocabulary, its two end tokens counted.

    CLIP's vocabulary, because it comes with open_clip and is always installed.
    """
    room = n_tokens - 2
    kept: list[str] = []
    for word in text.split():
        room -= _n_tokens(word)
        if room < 0:
            return " ".join(kept)
        kept.append(word)
    return text


@lru_cache(65536)
def _n_tokens(word: str) -> int:
    return len(_tokenizer().encode(word))


@lru_cache(1)
def _tokenizer() -> Any:
    from open_clip.tokenizer import SimpleTokenizer

    return SimpleTokenizer()
