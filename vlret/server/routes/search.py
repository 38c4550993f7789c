"""Searches."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from vlret.server.bodies import SearchBody
from vlret.server.routes.service_of import TheService
from vlret.server.search import search as answer_search

router = APIRouter(prefix="/api/search")

Options = Annotated[str, Form(description="The body of /api/search, as a string.")]


@router.post("")
async def search(service: TheService, body: SearchBody) -> dict[str, Any]:
    """The clips nearest to a query."""
    return await answer_search(service, body)


@router.post("/upload")
async def upload(
    service: TheService, file: Annotated[UploadFile, File()], options: Options = "{}"
) -> dict[str, Any]:
    """The clips nearest to an uploaded image or video."""
    return await answer_search(service, search_body(options), file)


def search_body(options: str) -> SearchBody:
    """Return the search in the field `options` of a form.

    Raises:
        RequestValidationError: it is not one.
    """
    try:
        return SearchBody.model_validate_json(options)
    except ValidationError as error:
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        ) from error
