"""Several indexes searched as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from vlret.errors import IndexFolderError, UsageError
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.tasks.moment_query import with_moments
from vlret.tasks.order import candidates_for, check_sort, page_of, times_of
from vlret.tasks.query_vector import Query, Weighted
from vlret.tasks.searcher import Searcher
from vlret.text import printable
from vlret.types import Hit, Hits

IndexLike = Index | str | Path
"""An open index, or its folder."""


class ManySearcher:
    """Searches several indexes, as `Searcher` searches one; indexes of one model share it. A context manager.

    Args:
        indexes: at least one.
        model, device, engine: as for `Searcher`; a model that is given must be that of all indexes.

    Raises:
        UsageError: no index was given.
        IndexFolderError: there is no index, or it is damaged.
    """

    def __init__(
        self,
        indexes: Sequence[IndexLike],
        model: Embedder | str | Path | None = None,
        device: str = "auto",
        engine: str = "auto",
    ) -> None:
        if not indexes:
            raise UsageError("No index was given.", "Give at least one.", code="no_index_given")
        self._searchers = [Searcher(index, model, device, engine) for index in indexes]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def indexes(self) -> list[Index]:
        """The indexes at the revisions that are searched."""
        return [searcher.index for searcher in self._searchers]

    def search(
        self,
        query: Query,
        *,
        k: int = 10,
        plus: Sequence[Weighted] = (),
        minus: Sequence[Weighted] = (),
        one_per_file: bool = True,
        sort: str = "score",
        page: int = 1,
        **options: Any,
    ) -> Hits:
        """The `k` best clips of all indexes; arguments and errors as in `vlret.search`.

        Hits of one model are ranked by their cosine, those of several by their probability. `Hit.index` says which
        index a hit comes from; a clip that is in several is one hit.

        Raises:
            UsageError: also for indexes of several models of which one has no calibration.
        """
        if len(self._searchers) == 1:
            (only,) = self._searchers
            return only.search(query, k=k, plus=plus, minus=minus, one_per_file=one_per_file, sort=sort, page=page,
                               **options)  # fmt: skip
        check_sort(sort)
        n_candidates = candidates_for(k, page)
        self._share_models()
        query, plus, minus = self._with_moments(query, plus, minus)
        found = [
            searcher.search(
                query, k=n_candidates, plus=plus, minus=minus, one_per_file=one_per_file, **options
            )
            for searcher in self._searchers
        ]
        merged = merge_hits(self.indexes, found, one_per_file)
        hits, has_next = page_of(merged.hits, k, page)
        return replace(merged, hits=tuple(sort_many(self.indexes, hits, sort)), has_next=has_next)

    def refresh(self) -> None:
        """Open the indexes again that have changed on disk. Raises `IndexFolderError`: one is gone or damaged."""
        for searcher in self._searchers:
            searcher.refresh()

    def close(self) -> None:
        """End the decoding processes and release the models."""
        for searcher in self._searchers:
            searcher.close()

    def _share_models(self) -> None:
        for number, searcher in enumerate(self._searchers):
            same = (one for one in self._searchers[:number] if _is_same_model(one.index, searcher.index))
            if (first := next(same, None)) is not None:
                searcher.share_model(first)

    def _with_moments(
        self, query: Query, plus: Sequence[Weighted], minus: Sequence[Weighted]
    ) -> tuple[Query, Sequence[Weighted], Sequence[Weighted]]:
        """A moment such as `holiday.mp4@1:23` is looked for in each index, and stands for all of the same model."""
        if not _is_one_model(self.indexes):
            return query, plus, minus
        for index in self.indexes[:-1]:
            try:
                return with_moments(index, query, plus, minus)
            except UsageError as error:
                if error.code != "file_not_in_index":
                    raise
        return with_moments(self.indexes[-1], query, plus, minus)


def merge_hits(indexes: Sequence[Index], found: Sequence[Hits], one_per_file: bool = True) -> Hits:
    """The hits of the same search in several indexes as one ranking; a file (or clip) that is in several once.

    Raises:
        UsageError: the indexes are of several models, and a hit has no probability.
    """
    by_score = _is_one_model(indexes)
    hits = [hit for part in found for hit in part]
    if not by_score and any(hit.probability is None for hit in hits):
        names = ", ".join(dict.fromkeys(index.card.name for index in indexes))
        raise UsageError(
            printable(f"The indexes were built with {names}: their scores cannot be compared."),
            "Search them one after the other.",
            code="models_not_comparable",
            given=[index.place for index in indexes],
        )
    hits.sort(key=lambda hit: -(hit.score if by_score else hit.probability or 0.0))
    kept: dict[object, Hit] = {}
    for hit in hits:
        kept.setdefault(hit.path if one_per_file else (hit.path, hit.start, hit.end), hit)
    ranked = tuple(replace(hit, rank=rank) for rank, hit in enumerate(kept.values(), 1))
    warnings = tuple(dict.fromkeys(warning for part in found for warning in part.warnings))
    answered = [part for part in found if part]
    nothing_fits = bool(answered) and all(part.nothing_fits for part in answered)
    return Hits(ranked, warnings, nothing_fits=nothing_fits)


def sort_many(indexes: Sequence[Index], hits: Sequence[Hit], sort: str) -> list[Hit]:
    """The same hits, each of one of `indexes`, in the order `sort`: as `vlret.tasks.order.sort_hits`."""
    if sort == "path":
        return sorted(hits, key=lambda hit: (hit.path, hit.start))
    if sort == "score":
        return list(hits)
    times_s: dict[Hit, float] = {}
    for index in indexes:
        own = [hit for hit in hits if hit.index == index.place]
        times_s |= zip(own, times_of(index, own), strict=True)
    return sorted(hits, key=times_s.__getitem__)


def _is_one_model(indexes: Sequence[Index]) -> bool:
    return all(_is_same_model(indexes[0], index) for index in indexes[1:])


def _is_same_model(index: Index, other: Index) -> bool:
    """Whether their vectors can be compared."""
    try:
        index.require_card(other.card)
    except IndexFolderError:
        return False
    return True
