"""An index and its model, kept open for many searches."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from vlret.errors import IndexFolderError
from vlret.index.backends.base import SearchBackend
from vlret.index.filter import Filter, ids_of
from vlret.index.index import Index
from vlret.index.ranking import is_exact
from vlret.models.base import Embedder
from vlret.tasks.calibration import Calibration
from vlret.tasks.calibration_file import load_calibration
from vlret.tasks.fold import nearest_clips, nearest_folded
from vlret.tasks.heat_map import heat_map
from vlret.tasks.index_model import model_for_index, open_index
from vlret.tasks.moment_query import with_moments
from vlret.tasks.moments import ScoreCurve
from vlret.tasks.more_clips import with_more_clips
from vlret.tasks.order import candidates_for, check_sort, page_of, sort_hits, unmeasured_warning
from vlret.tasks.probability import check_least, is_sentence, judge
from vlret.tasks.query_vector import Query, Weighted, query_vector, sentences_of
from vlret.tasks.text_warnings import text_warnings
from vlret.types import Clip, Frames, Hits, Vectors, as_path

if TYPE_CHECKING:
    from vlret.media.pool import DecodePool


class Searcher:
    """Searches one index with one model, from any number of threads; a context manager.

    The index is opened at once and searched at that revision until `refresh`; the model is loaded by the
    first search, and a decoding process is started by the first query that is a file. Queries are embedded
    one at a time, indexes are searched side by side. Not for use in a forked child.

    Args:
        index: an open index, its folder, or its address in a database.
        model: an embedder or its name; None takes the index's own; another one is refused.
        device, engine: where and with which library a model that is loaded by its name runs, as for `load_model`.

    Raises:
        IndexFolderError: there is no index, or it is damaged.
        DatabaseError: the database cannot be reached, or holds no index.
    """

    def __init__(
        self,
        index: Index | str | Path,
        model: Embedder | str | Path | None = None,
        device: str = "auto",
        engine: str = "auto",
    ) -> None:
        self._place = None if isinstance(index, Index) else index
        self._index, self._requested = open_index(index), model
        self._device, self._engine = device, engine
        self._model: Embedder | None = None
        self._calibration: Calibration | None = None
        self._pool: DecodePool | None = None
        self._lock, self._decoding = threading.RLock(), threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def index(self) -> Index:
        """The index at the revision that is searched."""
        return self._index

    @property
    def model(self) -> Embedder:
        """The model, loaded on first use.

        Raises:
            ModelError: it cannot be loaded or is not trusted.
            IndexFolderError: another model made the index.
        """
        with self._lock:
            if self._model is None:
                self._model = model_for_index(self._index, self._requested, self._device, self._engine)
                self._calibration = load_calibration(self._model)
            return self._model

    @property
    def calibration(self) -> Calibration | None:
        """What gives the hits of a sentence their probabilities; None where the model comes with none.

        Raises:
            ModelError, IndexFolderError: as `model`.
        """
        with self._lock:
            _ = self.model  # brings it
            return self._calibration

    def share_model(self, other: Searcher) -> None:
        """Search with the model of `other`, loaded once, unless this searcher has loaded its own.

        Raises:
            ModelError, IndexFolderError: as `model` of `other`.
        """
        model = other.model
        with self._lock:
            if self._model is None:
                self._model, self._calibration = model, other.calibration

    def search(
        self,
        query: Query,
        *,
        k: int = 10,
        plus: Sequence[Weighted] = (),
        minus: Sequence[Weighted] = (),
        one_per_file: bool = True,
        only: Filter | str | None = None,
        moments: bool = False,
        exclude: Sequence[str] | str = (),
        where: str | None = None,
        sort: str = "score",
        page: int = 1,
        fold_copies: bool = True,
        min_probability: float | None = None,
    ) -> Hits:
        """The `k` clips nearest to `query`, best first; arguments and errors as in `vlret.search`."""
        n_candidates, wanted = candidates_for(k, page), Filter.of(only, exclude, where)
        check_sort(sort)
        with self._lock:
            index, backend, model = *self._with_view(), self.model
            query, plus, minus = with_moments(index, query, plus, minus)
            vector = query_vector(model, self._read, query, plus, minus)
            sentences = sentences_of(query, plus, minus)
            warnings = [line for text in sentences for line in text_warnings(model, text)]
            calibration = self.calibration if is_sentence(query, plus, minus) else None
            check_least(min_probability, calibration)
        nearest = nearest_folded if fold_copies else nearest_clips
        allowed = index.resolved(wanted)
        hits = nearest(index, vector, n_candidates, one_per_file, allowed)
        best = hits[0].score if hits else 0.0
        of_query = calibration.of_query(vector, len(index)) if calibration and hits else None
        hits, nothing_fits = judge(hits, of_query, min_probability)
        hits, has_next = page_of(hits, k, page)
        if one_per_file:
            hits = with_more_clips(index, vector, hits, best, of_query)
        hits = sort_hits(index, hits, sort)
        warnings += _warnings(index, backend, wanted, allowed)
        if moments:
            from vlret.tasks.hit_moments import hits_as_moments  # brings PyAV

            with self._decoding:
                hits, unread = hits_as_moments(index, model, vector, hits)
            warnings += unread
        return Hits(tuple(hits), tuple(warnings), has_next=has_next, nothing_fits=nothing_fits)

    def score_curve(
        self,
        source: str | Path | Clip,
        query: Query,
        *,
        plus: Sequence[Weighted] = (),
        minus: Sequence[Weighted] = (),
        decode: bool = True,
    ) -> ScoreCurve:
        """How well each moment of a video fits a query; `vlret.tasks.moments.moments` cuts the moments out of it.

        Args:
            source: a video, or a part of one.
            query, plus, minus: as in `search`.
            decode: embed two windows a second; False: the clips of the index are the windows.

        Raises:
            MediaError: the video or a query cannot be read.
            UsageError: as `search`; also a video that is not in the index where nothing is decoded.
        """
        from vlret.tasks.score_curve import score_curve  # brings PyAV

        part = source if isinstance(source, Clip) else Clip(as_path(source, "The video"))
        index, vector = self._index, self._vector(query, plus, minus)
        with self._decoding:
            return score_curve(index, self.model if decode else None, vector, part)

    def heat_map(
        self,
        clip: str | Path | Clip,
        query: Query,
        *,
        plus: Sequence[Weighted] = (),
        minus: Sequence[Weighted] = (),
    ) -> NDArray[np.float32]:
        """Which part of the frame in the middle of a clip, or an image, answers a query: `vlret.tasks.heat_map`.

        Returns:
            float32 [rows, columns], the cosine that each part of the frame adds.

        Raises:
            MediaError: the clip or a query cannot be read.
            UsageError: as `search`.
        """
        vector = self._vector(query, plus, minus)
        with self._lock:
            (frame,) = self._read(clip if isinstance(clip, Clip) else as_path(clip, "The clip"), 1).pixels
        with self._decoding:
            return heat_map(self.model, frame, vector)

    def _vector(self, query: Query, plus: Sequence[Weighted], minus: Sequence[Weighted]) -> Vectors:
        with self._lock:
            query, plus, minus = with_moments(self._index, query, plus, minus)
            return query_vector(self.model, self._read, query, plus, minus)

    def _with_view(self) -> tuple[Index, SearchBackend]:
        """The index and its view; opened again where a writer has joined its shards while the model was loaded."""
        _ = self.model
        try:
            return self._index, self._index.backend
        except IndexFolderError as error:
            if error.code != "index_compacted" or self._place is None:
                raise
        self.refresh()
        return self._index, self._index.backend

    def refresh(self) -> None:
        """Open the index again if it has changed on disk; its model stays loaded.

        Raises:
            IndexFolderError: the index is gone or damaged.
        """
        with self._lock:
            if self._place is None or self._index.is_current():
                return
            before, self._index = self._index, Index.open(self._place)
            if self._index.recipe != before.recipe:
                self._model = None

    def close(self) -> None:
        """End the decoding process and release the model; a later search starts them again."""
        with self._lock:
            if self._pool is not None:
                self._pool.close()
            self._pool = self._model = None

    def _read(self, clip: Path | Clip, n_frames: int | None = None) -> Frames:
        """`n_frames`, or as many as the model takes, decoded in a child process that is killed when it hangs."""
        from vlret.media.pool import DecodePool  # brings PyAV, which a sentence does not need
        from vlret.media.pool.read_in_child import read_in_child

        if self._pool is None:
            self._pool = DecodePool()
        card = self.model.card
        return read_in_child(self._pool, clip, n_frames or card.frames, card.decode_size)


def _warnings(
    index: Index, backend: SearchBackend, wanted: Filter | None, allowed: Filter | None
) -> list[str]:
    """What to say of a search with the filter `wanted`, resolved to `allowed`."""
    warnings = []
    if wanted is not None and wanted.where and index.n_unmeasured:
        warnings.append(unmeasured_warning(index.n_unmeasured))
    if not is_exact(backend, ids_of(allowed)):
        info = backend.info()
        warnings.append(f"The search was approximate: recall@10 {info.recall_at_10:.3f} ({info.kind}).")
    return warnings
