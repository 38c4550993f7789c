"""A model's embeddings of clips and texts, each computed once and kept between runs."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vlret.evaluation.embeddings.array_cache import ArrayCache
from vlret.evaluation.embeddings.encoding_version import ENCODING_VERSION
from vlret.evaluation.embeddings.source import MediaItem
from vlret.evaluation.embeddings.truncated_texts import truncate
from vlret.evaluation.protocol.protocol import Protocol
from vlret.media.squash import squash
from vlret.models.base import Embedder
from vlret.types import Pixels, Tokens, Vectors
from vlret.vectors import unit_rows

_TEXTS_AT_ONCE = 1024


class ModelEmbeddings:
    """An `EmbeddingSource` that computes embeddings with a model.

    Attributes:
        seconds, n_clips: what encoding cost in this run.
        cached_seconds, n_cached: what it cost for clips of this run that were encoded before, on the same device.
        too_long: the texts that are longer than the model reads.
        undecodable: keys of items that could not be decoded in this run: they have no embedding from any model, even
            where one is cached.
    """

    def __init__(
        self,
        model: Embedder,
        protocol: Protocol,
        cache: Path,
        name: str = "",
        keep_tokens: bool = False,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        """Open the cache of `model`.

        Args:
            model, protocol: which model sees which frames.
            cache: directory of the embeddings between runs.
            name: name of the model in the result (default: by its card).
            keep_tokens: keep visual tokens as well, for further questions.
            before: called ahead of every write of what was computed from clips; see `ArrayCache`.

        Raises:
            UsageError: the model cannot use as many frames of a clip as the protocol takes.
        """
        model.check_frames(protocol.frames)
        self.model, self.protocol = model, protocol
        self.name = name or model.card.name
        self.takes_query = model.card.takes_query
        self.temperature = model.card.temperature
        self.prompts = protocol.prompts or model.card.prompts
        self.seconds, self.n_clips = 0.0, 0
        self.cached_seconds, self.n_cached = 0.0, 0
        self.too_long: set[str] = set()
        self.undecodable: set[str] = set()
        frames = {key: getattr(protocol, key) for key in ("frames", "sampling", "resize")}
        of_clips = {**self._recipe("vectors"), **frames, "engine": model.engine}
        of_cost = {**of_clips, "kind": "cost", "device": model.device}
        self._costs = ArrayCache(cache, of_cost, before)
        self._vectors = ArrayCache(cache, of_clips, self._costs.flush)
        of_tokens = {**of_clips, "kind": "tokens"}
        self._tokens = ArrayCache(cache, of_tokens, self._costs.flush) if keep_tokens else None
        self._texts = ArrayCache(cache, self._recipe("texts"))

    def query_for(self, query: str | None) -> str:
        """The query that goes into the predictor, None being the default: "" for a model without a predictor."""
        return (self.model.card.default_query if query is None else query) if self.takes_query else ""

    def lacks(self, item: MediaItem, query: str | None) -> bool:
        """Whether the embedding of `item` for `query` is still to be computed."""
        return self._key(item, query) not in self._vectors

    def has_tokens(self, item: MediaItem) -> bool:
        """Whether the visual tokens of `item` were kept."""
        return self._tokens is not None and item.key in self._tokens

    def embed_from_tokens(self, items: Sequence[MediaItem], queries: Sequence[list[str]]) -> None:
        """As `embed`, for items whose visual tokens were kept."""
        kept = (self._tokens.get(item.key) for item in items) if self._tokens else ()
        self._predict(items, [tokens for tokens in kept if tokens is not None], queries)

    def embed(
        self, items: Sequence[MediaItem], pixels: Sequence[Pixels], queries: Sequence[list[str]]
    ) -> None:
        """Compute and keep the embeddings of decoded clips uint8 [t, height, width, 3], each for its `queries`."""
        began, before = time.perf_counter(), self.seconds
        size = self.model.card.resolution
        if self.protocol.resize == "squash":
            pixels = [squash(clip, (size, size)) for clip in pixels]
        tokens = self.model.encode_pixels(pixels)
        self.seconds += time.perf_counter() - began
        self.n_clips += len(items)
        if self._tokens:
            for item, token in zip(items, tokens, strict=True):
                self._tokens.put(item.key, np.asarray(token))
        self._predict(items, tokens, queries)
        for item in items:
            self._costs.put(item.key, np.array([(self.seconds - before) / len(items)]))

    def count_cached(self, items: Sequence[MediaItem]) -> None:
        """Add up what encoding `items` cost when it was done, where that is known: a kill loses that of a batch."""
        costs = [cost for item in items if (cost := self._costs.get(item.key)) is not None]
        self.n_cached += len(costs)
        self.cached_seconds += float(sum(cost[0] for cost in costs))

    def clips(self, items: Sequence[MediaItem], query: str | None = None) -> Vectors:
        """Unit vectors float32 [n, dim]; NaN where there is none."""
        missing = np.full(self.model.card.dim, np.nan, np.float32)
        rows = [
            None if item.key in self.undecodable else self._vectors.get(self._key(item, query))
            for item in items
        ]
        return np.stack([missing if row is None else row for row in rows])

    def texts(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors float32 [n, dim] of texts; equal texts, equal rows."""
        self.too_long.update(text for text in dict.fromkeys(texts) if self.model.is_cut(text))
        return self._rows_of(texts)

    def truncated_texts(self, texts: Sequence[str], n_tokens: int) -> Vectors:
        """As `texts`, of texts cut to `n_tokens` of CLIP's vocabulary."""
        return self._rows_of([truncate(text, n_tokens) for text in texts])

    def about(self) -> dict[str, Any]:
        """Card, dtype, device, engine, frame pooling, and the query and prompts it ran with."""
        return {
            **self.model.card.to_dict(), "dtype": self.model.dtype,
            "device": self.model.device, "engine": self.model.engine,
            "query": self.query_for(self.protocol.query),
            "prompts": list(self.prompts), "frame_pooling": self.model.frame_pooling,
        }  # fmt: skip

    def flush(self) -> None:
        """Write what is new to the cache."""
        for kept in (self._costs, self._vectors, self._texts, self._tokens):
            if kept:
                kept.flush()

    def _predict(
        self, items: Sequence[MediaItem], tokens: Sequence[Tokens], queries: Sequence[list[str]]
    ) -> None:
        """Compute and keep the embedding of each item for each of its queries."""
        began = time.perf_counter()
        for query in dict.fromkeys(query for wanted in queries for query in wanted):
            chosen = [i for i, wanted in enumerate(queries) if query in wanted]
            given = query if self.takes_query else None
            rows = self.model.predict([tokens[i] for i in chosen], given)
            for i, row in zip(chosen, unit_rows(rows), strict=True):
                if np.isfinite(row).all():
                    self._vectors.put(self._key(items[i], query), row)
        self.seconds += time.perf_counter() - began

    def _rows_of(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if _text_key(text) not in self._texts]
        for first in range(0, len(new), _TEXTS_AT_ONCE):
            some = new[first : first + _TEXTS_AT_ONCE]
            for text, row in zip(some, unit_rows(self.model.embed_texts(some)), strict=True):
                self._texts.put(_text_key(text), row)
        rows = {text: self._texts.get(_text_key(text)) for text in dict.fromkeys(texts)}
        return np.stack([rows[text] for text in texts])  # type: ignore[misc]

    def _key(self, item: MediaItem, query: str | None) -> str:
        return f"{item.key}|{self.query_for(query)}"

    def _recipe(self, kind: str) -> dict[str, Any]:
        card = self.model.card
        return {
            "encoding_version": ENCODING_VERSION, "code": _code_of(self.model),
            "kind": kind, "name": card.name, "revision": card.revision, "weights_hash": card.weights_hash,
            "dim": card.dim, "resolution": card.resolution, "own_resize": card.resize,
            "preprocessing": card.preprocessing, "dtype": self.model.dtype,
        }  # fmt: skip


def _code_of(model: Embedder) -> str:
    """SHA-256 of the file of a custom model's class: its card need not change when its code does."""
    module = type(model).__module__
    file = getattr(sys.modules.get(module), "__file__", None)
    if module.startswith("vlret.") or not file:
        return ""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def _text_key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
