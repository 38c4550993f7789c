"""Searches."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from vlret.server.bodies import SearchBody
from vlret.server.routes.service_of import TheService
from vlret.server.search import search as answer_search

router = APIRouter(prefix="/api/search")


@router.post("")
async def search(service: TheService, body: SearchBody) -> dict[str, Any]:
    """The clips nearest to a query."""
    return await answer_search(service, body)
