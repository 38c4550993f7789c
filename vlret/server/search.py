"""A search over the indexes of a service, as its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import UploadFile

from vlret.models.base import Embedder
from vlret.server.bodies import SearchBody
from vlret.server.errors import without_folders
from vlret.server.hits import hit_document
from vlret.server.library import Revision
from vlret.server.model_worker import ModelWorker
from vlret.server.query import EmbeddedQuery, embedded
from vlret.server.service import Service
from vlret.tasks.order import page_of
from vlret.tasks.search_many import merge_hits, sort_many
from vlret.types import Hits


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
    return await service.searches.run(_answer, service, found, body)


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


def _answer(service: Service, found: Sequence[tuple[_Part, Hits]], body: SearchBody) -> dict[str, Any]:
    hits = found[0][1] if len(found) == 1 else _merged(found, body)
    revisions = {part.revision.index.place: part.revision for part, _ in found}
    warnings = [*(line for part, _ in found for line in part.query.warnings), *hits.warnings]
    told = [without_folders(service.hidden_folders(), line) for line in dict.fromkeys(warnings)]
    return {
        "query": body.query, "nothing_fits": hits.nothing_fits, "warnings": told,
        "page": body.page, "has_next": hits.has_next,
        "hits": [hit_document(revisions[hit.index], hit, service.settings.show_paths) for hit in hits],
    }  # fmt: skip


def _merged(found: Sequence[tuple[_Part, Hits]], body: SearchBody) -> Hits:
    """The page that is asked for of the hits of several indexes."""
    indexes = [part.revision.index for part, _ in found]
    merged = merge_hits(indexes, [hits for _, hits in found], one_per_file=not body.all_clips)
    hits, has_next = page_of(merged.hits, body.k, body.page)
    return replace(merged, hits=tuple(sort_many(indexes, hits, body.sort)), has_next=has_next)
