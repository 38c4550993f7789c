"""A search over the indexes of a service, as its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import UploadFile

from vlret.models.base import Embedder
from vlret.server.bodies import SearchBody
from vlret.server.hits import hit_document
from vlret.server.library import Revision
from vlret.server.model_worker import ModelWorker
from vlret.server.query import EmbeddedQuery, embedded
from vlret.server.service import Service
from vlret.types import Hit, Hits


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the indexes of a search, with the query for its model."""

    revision: Revision
    model: Embedder
    query: EmbeddedQuery


async def search(service: Service, body: SearchBody, upload: UploadFile | None = None) -> dict[str, Any]:
    """Return the answer to a search; `upload` is a file that belongs to the query.

    Raises:
        UsageError: there is no query, or an option of it is wrong.
        RequestError: no such index or clip, or the service is busy.
    """
    await service.searches.run(service.library.refresh)
    revisions = service.library.chosen(body.index)
    groups: dict[ModelWorker, list[Revision]] = {}
    for one in revisions:
        groups.setdefault(one.worker, []).append(one)
    queries = {worker: await embedded(service, group, body, upload) for worker, group in groups.items()}
    parts = [_Part(one, await one.worker.model(), queries[one.worker]) for one in revisions]
    found = [(part, await _found(service, part, body, is_alone=len(parts) == 1)) for part in parts]
    return await service.searches.run(_answer, found, body, service.settings.show_paths)


async def _found(service: Service, part: _Part, body: SearchBody, is_alone: bool) -> Hits:
    """Search one index: the page that is asked for, or, of several indexes, all that may be on it."""

    def find() -> Hits:
        return part.revision.searcher(part.model).search(
            part.query.query,
            k=body.k if is_alone else body.k * body.page + 1,
            plus=part.query.plus,
            minus=part.query.minus,
            one_per_file=not body.all_clips,
            only=body.only,
            moments=body.moments,
            exclude=body.exclude or (),
            where=body.where,
            sort=body.sort if is_alone else "score",
            page=body.page if is_alone else 1,
            min_probability=body.min_probability,
        )

    return await (part.revision.worker.run(lambda _: find()) if body.moments else service.searches.run(find))


def _answer(found: Sequence[tuple[_Part, Hits]], body: SearchBody, show_paths: bool) -> dict[str, Any]:
    hits, has_next = _page(found, body)
    warnings = [line for part, some in found for line in (*part.query.warnings, *some.warnings)]
    return {
        "query": body.query, "nothing_fits": all(some.nothing_fits for _, some in found),
        "warnings": list(dict.fromkeys(warnings)),
        "page": body.page, "has_next": has_next,
        "hits": [hit_document(part.revision, hit, show_paths) for part, hit in hits],
    }  # fmt: skip


def _page(found: Sequence[tuple[_Part, Hits]], body: SearchBody) -> tuple[list[tuple[_Part, Hit]], bool]:
    """The hits of a page, and whether another one follows; those of several indexes by their score."""
    every = [(part, hit) for part, hits in found for hit in hits]
    if len(found) == 1:
        return every, found[0][1].has_next
    first = body.k * (body.page - 1)
    every.sort(key=lambda one: -one[1].score)
    chosen = every[first : first + body.k]
    ranked = [(part, replace(hit, rank=rank)) for rank, (part, hit) in enumerate(chosen, first + 1)]
    return ranked, len(every) > first + body.k
