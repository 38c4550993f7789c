"""Health and metrics."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from vlret.server.replies import HealthReply
from vlret.server.routes.service_of import TheService

router = APIRouter()


@router.get("/api/health", response_model=HealthReply)
async def health(service: TheService) -> dict[str, Any]:
    """Whether the models are loaded; `message` says why one cannot be."""
    return {"status": "ok", "ready": service.library.is_ready, "message": service.failure}


@router.get("/metrics", response_class=Response)
async def metrics(service: TheService) -> Response:
    """Figures for Prometheus."""
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
