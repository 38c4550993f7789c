"""Clips as a file for an editor or a player."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from vlret.errors import UsageError
from vlret.reports.exports.write_export import FORMATS
from vlret.reports.free_name import safe_stem
from vlret.server.bodies import ExportBody
from vlret.server.export import exported
from vlret.server.routes.service_of import TheService

router = APIRouter(prefix="/api")


@router.post("/export", response_class=Response)
async def export(service: TheService, body: ExportBody) -> Response:
    """A timeline, markers, a table or a playlist of clips, in the order given."""
    if body.format not in FORMATS:
        known = f"Known: {', '.join(FORMATS)}."
        raise UsageError(f"There is no export format {body.format!r}.", known, code="unknown_export_format")
    document = await exported(service, body)
    name = quote(f"{safe_stem(body.title)}.{body.format}")
    headers = {"Content-Disposition": f"attachment; filename*=utf-8''{name}"}
    return Response(document, media_type=FORMATS[body.format].media_type, headers=headers)
