"""The service that a request belongs to."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from vlret.server.service import Service


def service_of(request: Request) -> Service:
    """The service of the application."""
    return cast(Service, request.app.state.service)


TheService = Annotated[Service, Depends(service_of)]
