"""The service: an ASGI application over the indexes of its settings."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import FileResponse, Response

from vlret import __version__
from vlret.errors import VlretError
from vlret.server.errors import add_error_handlers
from vlret.server.limits import BodyLimits
from vlret.server.record import Record
from vlret.server.routes import answers, export, indexes, media, search, system
from vlret.server.security import SafeHeaders, Security
from vlret.server.service import Service
from vlret.server.settings import Settings

log = logging.getLogger(__name__)

_STATIC = Path(str(files("vlret") / "server" / "static"))


def create_app(settings: Settings) -> FastAPI:
    """Return the application; its models load once it has started, and all ends with it.

    Raises:
        IndexFolderError: a folder holds no index, or a damaged one.
        OutputError: the cache folder cannot be created.
    """
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(_load_models(service))
        yield
        loading.cancel()
        service.close()

    app = FastAPI(title="vlret", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None,
                  openapi_url="/api/openapi.json")  # fmt: skip
    app.state.service = service
    for router in (system.router, indexes.router, search.router, media.router, answers.router, export.router):
        app.include_router(router)
    app.mount("/static", _Static(directory=_STATIC))
    app.add_api_route("/", _page, include_in_schema=False)
    add_error_handlers(app, service.hidden_folders, service.library.refresh)
    app.add_middleware(BodyLimits, limits=settings.limits)
    app.add_middleware(Security, settings=settings)
    app.add_middleware(Record, metrics=service.metrics)
    app.add_middleware(SafeHeaders)
    return app


class _Static(StaticFiles):
    """The files of the page; browsers ask each time whether they have changed, as after an upgrade."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The file, or that it has not changed."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def _page() -> FileResponse:
    return FileResponse(_STATIC / "index.html", headers={"Cache-Control": "no-cache"})


async def _load_models(service: Service) -> None:
    for worker in service.library.workers:
        try:
            await worker.embed_text("a video")
        except VlretError as error:
            service.failure = str(error)
            log.error("%s", error)
