"""Embeds the media of a run: each clip is decoded once, for all models that lack its embedding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from vlret.datasets.base import Media
from vlret.evaluation.embeddings.decode_media import decode_media
from vlret.evaluation.embeddings.durations import Durations
from vlret.evaluation.embeddings.model_embeddings import ModelEmbeddings
from vlret.evaluation.embeddings.source import MediaItem
from vlret.index.fingerprint import fingerprint
from vlret.types import Pixels

_PIXEL_BYTES = 256 << 20
_TOKENS_AT_ONCE = 32

Queries = Sequence[Sequence[str | None]]
"""The queries of each item; None is the model's default query."""


def media_item(path: Path, media: Media) -> MediaItem:
    """`media` in the file at `path`, under a key that changes with the file's content."""
    key = f"{fingerprint(path)}|{media.start}|{media.end}"
    return MediaItem(key, media.id, path, media.start, media.end)


def embed_media(
    items: Sequence[MediaItem],
    queries: Queries,
    models: Sequence[ModelEmbeddings],
    durations: Durations,
    workers: int = 1,
) -> dict[str, str]:
    """Compute the embeddings of all `items` that a model does not have yet.

    Each clip is decoded once, at its own size, for all models that need it; its length goes into `durations`.

    Returns:
        the reason for each item, by its key, that could not be decoded.
    """
    todo = _Todo(items, queries, models)
    todo.embed_from_tokens()
    todo.count_cached(items)
    failed: dict[str, str] = {}
    batch: list[tuple[MediaItem, Pixels]] = []
    needed = todo.items()
    if not needed:
        return failed
    size = max(embeddings.model.batch_size for embeddings in models)
    with tqdm(total=len(needed), desc="clips", unit="clip", disable=None) as bar:
        for item, frames in decode_media(needed, models[0].protocol, workers, failed, durations):
            bar.update()
            batch.append((item, frames.pixels))
            if len(batch) >= size or sum(clip.nbytes for _, clip in batch) >= _PIXEL_BYTES:
                todo.embed(batch)
                batch = []
        todo.embed(batch)
    for embeddings in models:
        embeddings.undecodable.update(failed)
    return failed


class _Todo:
    """For each model the items it has no embedding of, each with the queries it lacks."""

    def __init__(
        self, items: Sequence[MediaItem], queries: Queries, models: Sequence[ModelEmbeddings]
    ) -> None:
        self._todo: list[tuple[ModelEmbeddings, dict[MediaItem, list[str]]]] = []
        for embeddings in models:
            lacking: dict[MediaItem, list[str]] = {}
            for item, wanted in zip(items, queries, strict=True):
                new = [embeddings.query_for(query) for query in wanted if embeddings.lacks(item, query)]
                if new:
                    lacking[item] = list(dict.fromkeys([*lacking.get(item, []), *new]))
            self._todo.append((embeddings, lacking))

    def items(self) -> list[MediaItem]:
        """All items that have to be decoded for some model, each once."""
        return list(dict.fromkeys(item for _, lacking in self._todo for item in lacking))

    def embed_from_tokens(self) -> None:
        """New queries about clips that were encoded before need no decoding."""
        for embeddings, lacking in self._todo:
            known = [item for item in lacking if embeddings.has_tokens(item)]
            for first in range(0, len(known), _TOKENS_AT_ONCE):
                some = known[first : first + _TOKENS_AT_ONCE]
                embeddings.embed_from_tokens(some, [lacking.pop(item) for item in some])

    def count_cached(self, items: Sequence[MediaItem]) -> None:
        """Count for each model the items that need no encoding."""
        for embeddings, lacking in self._todo:
            embeddings.count_cached([item for item in dict.fromkeys(items) if item not in lacking])

    def embed(self, batch: Sequence[tuple[MediaItem, Pixels]]) -> None:
        """Embed decoded clips with the models that lack them."""
        for embeddings, lacking in self._todo:
            new = [(item, clip) for item, clip in batch if item in lacking]
            if new:
                items, pixels = zip(*new, strict=True)
                embeddings.embed(items, pixels, [lacking[item] for item in items])
