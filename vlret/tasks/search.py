"""Search: the clips of an index nearest to a sentence, an image or a video."""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.tasks.query_vector import Query, Weighted
from vlret.tasks.search_many import IndexLike, ManySearcher
from vlret.types import Hits, as_path, check_count

log = logging.getLogger(__name__)

_MOST_OPEN = 4
_lock = threading.Lock()
_open: OrderedDict[tuple[object, ...], ManySearcher] = OrderedDict()


def search(
    index: IndexLike | Sequence[IndexLike],
    query: Query,
    *,
    model: Embedder | str | Path | None = None,
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
    """The `k` clips of `index` nearest to `query`, best first.

    The last few indexes and the models loaded for them stay open in this process, so that a second search is
    fast; one that changed on disk is opened again. A `Searcher` gives control over that.

    Args:
        index: an open index, or its folder; several in a list are searched as one (`vlret.tasks.search_many`).
        query: a sentence, or an image or video: a string that names a file, a `Path`, a `Clip`, or decoded
            frames; or a `QueryVector`. `holiday.mp4@1:23` is what that file of the index shows at that time.
        model: None takes the index's own; another one is refused.
        k: number of hits at most.
        plus: added to the query; each a query, or (query, weight) in place of the weight 0.5.
        minus: subtracted from the query, in the same form.
        one_per_file: only the best clip of each file.
        only: which clips may be hits: a `Filter`, or a text for files whose path contains it or matches it as
            a pattern.
        moments: give the hits the start and end of what answers the query, in place of the borders of their clips;
            this decodes the file around each hit again.
        exclude: not the files that one of these texts or patterns matches.
        where: a condition in SQL for the clips that may be hits, such as `duration > 5 and year(taken) = 2024`
            (docs/filters.md); a `Filter` with `where_values` binds values to it.
        sort: the order in which the hits are listed: by "score", "time" (recorded, else changed) or "path".
        page: which k hits, by score: 1 the best, 2 the next k; `Hits.has_next` says whether there are more.
        fold_copies: give one hit for files that hold the same footage, and the others as its `copies`: files with the
            same bytes, and what `vlret.find_duplicates` has found.
        min_probability: only hits whose probability is as high, from 0 to 1; for one sentence, with a model that
            comes with a calibration.

    Returns:
        the hits, like a list; their `warnings` are logged, too. Where `nothing_fits`, the index probably holds no
        answer to the sentence.

    Raises:
        UsageError: an empty query, k below 1, a weight that is not above 0, an argument of another type,
            a condition that cannot be evaluated, or a `min_probability` where the hits have none.
        MediaError: a file that the query names cannot be read.
        IndexFolderError, ModelError: the index or its model is missing or is not the one that made the index.
    """
    check_count(k, "k")
    with _opened(index, model) as searcher:
        hits = searcher.search(
            query,
            k=k,
            plus=plus,
            minus=minus,
            one_per_file=one_per_file,
            only=only,
            moments=moments,
            exclude=exclude,
            where=where,
            sort=sort,
            page=page,
            fold_copies=fold_copies,
            min_probability=min_probability,
        )
    for warning in hits.warnings:
        log.warning("%s", warning)
    return hits


def close_searchers() -> None:
    """Close the indexes that `search` keeps open, and release their models."""
    with _lock:
        while _open:
            _open.popitem()[1].close()


def _opened(
    index: IndexLike | Sequence[IndexLike], model: Embedder | str | Path | None
) -> AbstractContextManager[ManySearcher]:
    """A searcher for this call where the caller holds the model, else one that stays open."""
    indexes: list[Any] = list(index) if isinstance(index, (list, tuple)) else [index]
    return ManySearcher(indexes, model) if isinstance(model, Embedder) else nullcontext(_kept(indexes, model))


def _kept(indexes: Sequence[IndexLike], model: str | Path | None) -> ManySearcher:
    """The searcher of these indexes and model, at their newest revision; the one used longest ago makes room."""
    key = (*map(_index_key, indexes), None if model is None else str(model))
    with _lock:
        searcher = _open.pop(key, None) or ManySearcher(indexes, model)
        _open[key] = searcher
        oldest = _open.popitem(last=False)[1] if len(_open) > _MOST_OPEN else None
    if oldest is not None:
        oldest.close()
    searcher.refresh()
    return searcher


def _index_key(index: IndexLike) -> tuple[object, ...]:
    """An open index by its identity (it is kept alive with its searcher), a folder by how and where it is named."""
    if isinstance(index, Index):
        return (id(index),)
    folder = as_path(index, "The index")
    return str(folder), os.path.abspath(folder)


def _after_fork() -> None:
    """A forked child has no part in the parent's locks and decoding processes."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
