"""The JSON document of one search on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vlret.index.gone import is_gone
from vlret.index.index import Index
from vlret.types import Hits


def search_document(
    indexes: Sequence[Index],
    hits: Hits,
    *,
    query: str,
    plus: Sequence[str] = (),
    minus: Sequence[str] = (),
    k: int = 10,
    one_per_file: bool = True,
    only: str | None = None,
    moments: bool = False,
    exclude: Sequence[str] = (),
    where: str | None = None,
    sort: str = "score",
    page: int = 1,
    fold_copies: bool = True,
    min_probability: float | None = None,
) -> dict[str, Any]:
    """What was searched for, as it was typed, and the hits; `gone` says that a hit's file is not there.

    `index` is null where several were searched, `model` where they are of several models.
    """
    folders = [index.place for index in indexes]
    models = {index.card.name for index in indexes}
    return {
        "query": query, "plus": list(plus), "minus": list(minus), "k": k, "all_clips": not one_per_file,
        "only": only, "moments": moments, "index": folders[0] if len(folders) == 1 else None,
        "indexes": folders, "model": models.pop() if len(models) == 1 else None,
        "exclude": list(exclude), "where": where, "sort": sort, "page": page, "has_next": hits.has_next,
        "fold_copies": fold_copies, "min_probability": min_probability, "nothing_fits": hits.nothing_fits,
        "hits": [{**hit.to_dict(), "gone": is_gone(hit.path)} for hit in hits],
    }  # fmt: skip
