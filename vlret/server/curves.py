"""Where in a file a query fits: over its time, and over one of its frames."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import UploadFile

from vlret.reports.heat_overlay import overlay_png
from vlret.server.answers import frames_of
from vlret.server.bodies import SearchBody
from vlret.server.media import span_of
from vlret.server.query import embedded
from vlret.server.service import Service
from vlret.tasks.heat_map import heat_map
from vlret.tasks.moments import moments

_OVERLAY = (480, 480)
"""Pixels: the page stretches it over the thumbnail."""


async def curve(
    service: Service, index_id: str, media_id: str, body: SearchBody, upload: UploadFile | None = None
) -> dict[str, Any]:
    """Return the scores of a query over a file, at its clips, and the moments cut out of them; nothing is decoded.

    Raises:
        UsageError, MediaError: as a search.
        RequestError: no such index or file, or the service is busy.
    """
    revision = service.library.get(index_id)
    file = revision.files.by_id(media_id)
    query = await embedded(service, [revision], body, upload)
    searcher = revision.searcher(await revision.worker.model())

    def find() -> dict[str, Any]:
        found = searcher.score_curve(file.path, query.query, plus=query.plus, minus=query.minus, decode=False)
        spans = [{"start": one.start, "end": one.end, "score": one.score} for one in moments(found)]
        times, scores = found.times_s.tolist(), found.scores.tolist()
        return {"times": times, "scores": scores, "spans": spans, "duration": file.duration}

    return await service.searches.run(find)


async def heat(
    service: Service, index_id: str, clip_id: int, words: str, start: float | None, end: float | None
) -> bytes:
    """Return a PNG to lay over the thumbnail: which part of it answers the sentence `words`. Raises as `curve`."""
    revision = service.library.get(index_id)
    span = await service.searches.run(span_of, revision, clip_id, start, end)
    query = await embedded(service, [revision], SearchBody(query=words))
    card = (await revision.worker.model()).card
    frames = await service.media.run(frames_of, service, span.clip, card, 1)
    found = await revision.worker.run(lambda model: heat_map(model, frames.pixels[0], query.query.vector))
    return overlay_png(found, *_OVERLAY)
