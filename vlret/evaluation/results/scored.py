"""A dataset as it was scored: what a result says of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vlret.datasets.base import Media, SetCard
from vlret.evaluation.results.contents import Contents


@dataclass(frozen=True, slots=True)
class ScoredSet:
    """A dataset without the media that are missing or excluded.

    Attributes:
        card, media, contents: the dataset.
        counts: how many media, texts, classes, questions or triples.
        hash: SHA-256 (hex) over ids, time ranges and texts.
        unused: the fields of `Protocol` that its task does not use.
    """

    card: SetCard
    media: Sequence[Media]
    contents: Contents
    counts: Mapping[str, int]
    hash: str
    unused: Collection[str]


def lines_hash(values: Iterable[Any]) -> str:
    """SHA-256 (hex) over JSON values, one line each."""
    digest = hashlib.sha256()
    for value in values:
        digest.update(json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass") + b"\n")
    return digest.hexdigest()
