"""Searches."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, UploadFile
from pydantic import ValidationError
from starlette.responses import Response

from vlret.server.bodies import SearchBody
from vlret.server.curves import curve as answer_curve
from vlret.server.curves import heat
from vlret.server.errors import bad_request
from vlret.server.replies import CurveReply, SearchReply
from vlret.server.routes.media import Seconds
from vlret.server.routes.service_of import TheService
from vlret.server.search import search as answer_search

router = APIRouter(prefix="/api")

Upload = Annotated[UploadFile, File()]
Options = Annotated[str, Form(description="The body of /api/search, as a string.")]


@router.post("/search", response_model=SearchReply, response_model_exclude_unset=True)
async def search(service: TheService, body: SearchBody) -> dict[str, Any]:
    """The clips nearest to a query."""
    return await answer_search(service, body)


@router.post("/search/upload", response_model=SearchReply, response_model_exclude_unset=True)
async def upload(service: TheService, file: Upload, options: Options = "{}") -> dict[str, Any]:
    """The clips nearest to an uploaded image or video."""
    return await answer_search(service, _search_body(options), file)


@router.post("/indexes/{index_id}/media/{media_id}/curve", response_model=CurveReply)
async def curve(service: TheService, index_id: str, media_id: str, body: SearchBody) -> dict[str, Any]:
    """The score of a query over the time of a file, and the moments that answer it."""
    return await answer_curve(service, index_id, media_id, body)


@router.post("/indexes/{index_id}/media/{media_id}/curve/upload", response_model=CurveReply)
async def curve_of_upload(
    service: TheService, index_id: str, media_id: str, file: Upload, options: Options = "{}"
) -> dict[str, Any]:
    """The score of an uploaded image or video over the time of a file."""
    return await answer_curve(service, index_id, media_id, _search_body(options), file)


@router.get("/indexes/{index_id}/clips/{clip_id}/heatmap.png", response_class=Response)
async def heatmap(
    service: TheService,
    index_id: str,
    clip_id: int,
    query: Annotated[str, Query(max_length=2000)],
    start: Seconds = None,
    end: Seconds = None,
) -> Response:
    """A picture to lay over the thumbnail: which part of it answers the query."""
    return Response(await heat(service, index_id, clip_id, query, start, end), media_type="image/png")


def _search_body(options: str) -> SearchBody:
    try:
        return SearchBody.model_validate_json(options)
    except ValidationError as error:
        raise bad_request(error.errors()) from error
