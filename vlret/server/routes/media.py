"""Pictures, playback, and files that browsers play as they are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import FileResponse

from vlret.server.byte_ranges import RangedFile, ranged
from vlret.server.media import made, probed
from vlret.server.request_error import RequestError
from vlret.server.routes.service_of import TheService

router = APIRouter(prefix="/api/indexes/{index_id}")

Seconds = Annotated[float | None, Query(ge=0, le=1e7, allow_inf_nan=False)]
Range = Annotated[str | None, Header()]

_KEPT = {"Cache-Control": "private, max-age=3600"}


@router.get("/clips/{clip_id}/thumbnail.jpg", response_class=FileResponse)
async def thumbnail(
    service: TheService, index_id: str, clip_id: int, start: Seconds = None, end: Seconds = None
) -> FileResponse:
    """The middle frame, at most 480 pixels; of a part of the file where seconds are given."""
    path = await made(service, "thumbnail", service.library.get(index_id), clip_id, start, end)
    return FileResponse(path, media_type="image/jpeg", headers=_KEPT)


@router.get("/clips/{clip_id}/sprite.jpg", response_class=FileResponse)
async def sprite(
    service: TheService, index_id: str, clip_id: int, start: Seconds = None, end: Seconds = None
) -> FileResponse:
    """Eight frames in a row, each 240 x 135 pixels."""
    path = await made(service, "sprite", service.library.get(index_id), clip_id, start, end)
    return FileResponse(path, media_type="image/jpeg", headers=_KEPT)


@router.get("/clips/{clip_id}/play.mp4", response_class=FileResponse)
async def play(
    service: TheService,
    index_id: str,
    clip_id: int,
    start: Seconds = None,
    end: Seconds = None,
    range: Range = None,
) -> RangedFile:
    """The clip, or a part of its file, as H.264 in MP4: at most 30 s and 480 pixels high."""
    path = await made(service, "play", service.library.get(index_id), clip_id, start, end)
    return ranged(path, "video/mp4", range)


@router.get("/media/{media_id}/file", response_class=FileResponse)
async def file(service: TheService, index_id: str, media_id: str, range: Range = None) -> RangedFile:
    """The whole file, where browsers play or show it as it is: H.264, VP8, VP9 and AV1 in MP4 or WebM, and images."""
    found = service.library.get(index_id).files.by_id(media_id)
    facts = await service.media.run(probed, service, found)
    if facts["media_type"] is None:
        hint = "Ask for play.mp4 of one of its clips."
        raise RequestError(
            f"Browsers do not play {found.path.name}.", hint, status=404, code="not_playable_as_it_is"
        )
    return ranged(found.path, facts["media_type"], range)
