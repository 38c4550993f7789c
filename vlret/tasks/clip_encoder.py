"""`ClipEncoder`: paths to embeddings, inside of a pipeline of Ray Data, Daft or Spark."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np

from vlret.errors import UsageError
from vlret.index.encode import Encoder, FileEncoded
from vlret.index.requested_recipe import RequestedRecipe
from vlret.media.clips import span_rule
from vlret.media.pool import DecodeJob, DecodePool, FileFailed
from vlret.models.base import Embedder
from vlret.models.inputs import ordered
from vlret.models.registry import load_model
from vlret.types import Clip, Vectors, check_count, type_name

if TYPE_CHECKING:
    import pandas as pd

Columns: TypeAlias = Mapping[str, Any]
"""Columns by name: numpy arrays, lists, pandas or Arrow columns."""

_one_batch = threading.Lock()


@dataclass(frozen=True)  # without slots: Ray Data sets attributes on objects of a subclass
class ClipEncoder:
    """Embeds the clips of a batch; made to be pickled: the model is loaded on first use, once in a process.

    A batch has the column `path` and, where clips are parts of videos, `start` and `end` in seconds (null: from
    the beginning, to the end of the file). The result is the batch with two more columns: `embedding`, float32
    [n, dim] of unit length, and `error`, "" or why a file gave no embedding; its row of `embedding` is NaN then.
    A file that cannot be read, or that crashes a decoder, costs its own rows and nothing else.

    Args:
        model: a name or directory for `load_model`, which every worker can load.
        n_frames: frames of a clip (default: the model's).
        sampling: the rule of `vlret.media.sampling`.
        decoder: auto, pyav or decord.
        workers: decoding processes.
        device, dtype, engine: for `load_model`.

    Raises:
        UsageError: an argument is not allowed.
        MissingExtraError: the decoder needs a package that is not installed.
    """

    model: str = "vljepa-mini"
    n_frames: int | None = None
    sampling: str = "midpoint"
    decoder: str = "auto"
    workers: int = 1
    device: str = "auto"
    dtype: str = "auto"
    engine: str = "auto"

    def __post_init__(self) -> None:
        check_count(self.workers, "workers")
        RequestedRecipe(
            self.model, "whole", self.n_frames, self.sampling, self.decoder, self.device, self.dtype, self.engine
        ).validate()  # fmt: skip

    @overload
    def __call__(self, batch: Columns) -> dict[str, Any]: ...
    @overload
    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame: ...
    def __call__(self, batch: Any) -> Any:
        """Return `batch` with the columns `embedding` and `error`: a dict for columns, a DataFrame for one.

        Raises:
            UsageError: there is no column `path`, or columns of different lengths.
            ModelError: the model cannot be loaded.
        """
        clips = _clips(batch)
        with _one_batch:  # a model has one user at a time
            vectors, errors = self._embed(clips)
        if isinstance(batch, Mapping):
            return {**batch, "embedding": vectors, "error": np.array(errors, str)}
        return batch.assign(embedding=list(vectors), error=errors)

    def _embed(self, clips: Sequence[Clip | str]) -> tuple[Vectors, list[str]]:
        embedder = _loaded(self.model, self.device, self.dtype, self.engine)
        embedder.check_frames(self.n_frames or embedder.card.frames)
        vectors = np.full((len(clips), embedder.card.dim), np.nan, np.float32)
        errors = ["" if isinstance(clip, Clip) else clip for clip in clips]
        rows = defaultdict[DecodeJob, list[int]](list)
        for row, clip in enumerate(clips):
            if isinstance(clip, Clip):
                rows[self._job(clip, embedder)].append(row)
        for event in Encoder(embedder, self.workers).run(_pool(self.workers).run(rows)):
            if isinstance(event, FileEncoded):
                vectors[rows[event.job]] = event.vectors[0]
            elif isinstance(event, FileFailed):
                for row in rows[event.job]:
                    errors[row] = event.reason
        return vectors, errors

    def _job(self, clip: Clip, embedder: Embedder) -> DecodeJob:
        n_frames, rule = self.n_frames or embedder.card.frames, span_rule(clip.start, clip.end)
        return DecodeJob(clip.path, rule, n_frames, self.sampling, self.decoder, embedder.card.decode_size)


def _clips(batch: Any) -> list[Clip | str]:
    """The clip of each row, or what is wrong with it."""
    if "path" not in batch:
        raise UsageError(
            f"A batch without a column path was given: {type_name(batch)}.",
            "Give columns by name, or a pandas DataFrame, with path and perhaps start and end.",
            code="no_path_column",
        )
    paths = _values(batch, "path")
    columns = [_values(batch, name) if name in batch else [None] * len(paths) for name in ("start", "end")]
    if {len(column) for column in columns} != {len(paths)}:
        raise UsageError(
            "The columns path, start and end have different lengths.", "Give one value a row.",
            code="lengths_differ",
        )  # fmt: skip
    return [_clip(path, *span) for path, *span in zip(paths, *columns, strict=True)]


def _values(batch: Any, name: str) -> list[Any]:
    column = batch[name]
    return column.to_pylist() if hasattr(column, "to_pylist") else ordered(column, f"values of {name}")


def _clip(path: Any, start: Any, end: Any) -> Clip | str:
    from pandas import isna

    try:
        return Clip(path, 0.0 if isna(start) else start, None if isna(end) else end)
    except UsageError as error:
        return error.message


@cache
def _loaded(model: str, device: str, dtype: str, engine: str) -> Embedder:
    embedder = load_model(model, device, dtype, engine)
    embedder.check_clips()
    return embedder


@cache
def _pool(workers: int) -> DecodePool:
    return DecodePool(workers)
