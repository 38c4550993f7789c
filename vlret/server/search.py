"""A search over the indexes of a service, as its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile

from vlret.models.base import Embedder
from vlret.server.bodies import SearchBody
from vlret.server.hits import hit_document
from vlret.server.library import Revision
from vlret.server.query import EmbeddedQuery, embedded
from vlret.server.service import Service
from vlret.types import Hit


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
    queries = {
        one.worker: await embedded(service, one, body, upload)
        for one in {one.worker: one for one in revisions}.values()
    }
    parts = [_Part(one, await one.worker.model(), queries[one.worker]) for one in revisions]
    return await service.searches.run(_answer, parts, body, service.settings.show_paths)


def _answer(parts: Sequence[_Part], body: SearchBody, show_paths: bool) -> dict[str, Any]:
    end = body.page * body.k
    found, warnings = [], []
    for part in parts:
        hits = part.revision.searcher(part.model).search(
            part.query.query,
            k=end + 1,
            plus=part.query.plus,
            minus=part.query.minus,
            one_per_file=not body.all_clips,
            only=body.only,
        )
        found += [(hit, part.revision) for hit in hits]
        warnings += [*part.query.warnings, *hits.warnings]
    found.sort(key=lambda one: -one[0].score)
    shown = enumerate(found[end - body.k : end], end - body.k + 1)
    return {
        "query": body.query, "nothing_fits": False, "warnings": list(dict.fromkeys(warnings)),
        "page": body.page, "has_next": len(found) > end,
        "hits": [_ranked(rank, hit, revision, show_paths) for rank, (hit, revision) in shown],
    }  # fmt: skip


def _ranked(rank: int, hit: Hit, revision: Revision, show_paths: bool) -> dict[str, Any]:
    return {**hit_document(revision, hit, show_paths), "rank": rank}
