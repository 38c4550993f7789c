"""Visual tokens of a frozen X-encoder, computed once for each clip and kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from vlret.errors import ModelError
from vlret.evaluation.embeddings.array_cache import ArrayCache
from vlret.media.frame_size import Size
from vlret.training.pairs.clip_media import ClipMedia
from vlret.training.pairs.loader import PairLoader
from vlret.training.pairs.pair_set import PairSet
from vlret.training.pairs.skipped import Skipped, SkippedError
from vlret.types import Pixels, Tokens

CLIPS_AT_ONCE = 8
NOT_CACHED = "has no cached tokens"

EncodePixels = Callable[[Sequence[Pixels]], list[Tokens]]
"""As `Embedder.encode_pixels`."""


class CachedTokens:
    """The tokens float16 [tokens, width] of clips, in shards of `folder`; open it when all processes have made theirs.

    `made_by` is all that decides the tokens, such as the hash of the weights, frames and resolution: tokens made by
    another X-encoder, or of another number of frames, are kept apart.
    """

    def __init__(self, folder: Path, made_by: Mapping[str, Any]) -> None:
        self._arrays = ArrayCache(folder, made_by, dtype=np.float16)

    def read(self, media: ClipMedia) -> NDArray[Any]:
        """Return the tokens of a clip. Raises SkippedError."""
        tokens = self._arrays.get(str(media.clip_id))
        if tokens is None:
            raise SkippedError(NOT_CACHED)
        return tokens

    def close(self) -> None:
        """Nothing has to be stopped."""


def make_tokens(
    sets: Sequence[PairSet],
    encode: EncodePixels,
    folder: Path,
    made_by: Mapping[str, Any],
    frames: int,
    *,
    size: Size | None = None,
    rank: int = 0,
    n_processes: int = 1,
    workers: int | None = None,
) -> Skipped:
    """Encode those clips that have no tokens in `folder` yet, in each of `n_processes` its share.

    What a killed run has written stays, but for the last half minute.

    Args:
        sets: the clips.
        encode: the X-encoder.
        folder, made_by: as of `CachedTokens`.
        frames, size, workers: as of `PairLoader`.
        rank, n_processes: which of the processes this is.

    Returns:
        What could not be read; it is tried again by the next run.

    Raises:
        ModelError: tokens are not finite in float16 ("not_finite").
        OutputError: they cannot be written.
    """
    with ArrayCache(folder, made_by, dtype=np.float16) as arrays:
        kept = np.array([int(key) for key in arrays], np.int64)
        mine = [one.where(one.clip_ids % n_processes == rank) for one in sets]
        rest = [one.where(~np.isin(one.clip_ids, kept)) for one in mine]
        missing = [one for one in rest if len(one)]
        if not missing:
            return Skipped()
        loader = PairLoader(missing, frames, CLIPS_AT_ONCE, size=size, workers=workers)
        total = sum(len(one) for one in missing)
        with tqdm(total=total, desc="visual tokens", unit="clip", disable=None) as bar:
            for batch in loader.once():
                for clip_id, tokens in zip(batch.media_ids, encode(batch.pixels), strict=True):
                    arrays.put(str(clip_id), _finite(tokens))
                bar.update(len(batch))
        return loader.skipped


def _finite(tokens: Tokens) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):
        small = tokens.astype(np.float16)
    if not np.isfinite(small).all():
        raise ModelError(
            f"The X-encoder gives tokens up to {np.abs(tokens).max():g}, which float16 does not hold.",
            "Train without cached tokens.",
            code="not_finite",
        )
    return small
