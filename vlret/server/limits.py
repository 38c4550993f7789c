"""Limits on the size of a body, and on the time that it takes to arrive."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vlret.server.errors import answer_error
from vlret.server.request_error import RequestError
from vlret.server.settings import Limits


class BodyLimits:
    """Refuses bodies that are too large (413) or do not arrive in time (408), and too many uploads at once (503)."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app, self._limits, self._n_uploads = app, limits, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or let it through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_upload = scope["path"].endswith("/upload")
        most = self._limits.upload_bytes if is_upload else self._limits.json_bytes
        try:
            self._check(scope, most, is_upload)
        except RequestError as error:
            await answer_error(error)(scope, receive, send)
            return
        self._n_uploads += is_upload
        try:
            await self._app(scope, _Body(receive, most, self._limits.body_s), send)
        finally:
            self._n_uploads -= is_upload

    def _check(self, scope: Scope, most: int, is_upload: bool) -> None:
        stated = Headers(scope=scope).get("content-length", "0")
        if stated.isdecimal() and int(stated) > most:
            raise RequestError(_too_large(most), status=413, code="body_too_large")
        if is_upload and self._n_uploads >= self._limits.uploads:
            message = f"{self._n_uploads} uploads are under way."
            raise RequestError(message, "Try again in a moment.", status=503, code="busy")


class _Body:
    """Receives a body of at most `most` bytes within `limit_s`."""

    def __init__(self, receive: Receive, most: int, limit_s: float) -> None:
        self._receive, self._most, self._n_bytes = receive, most, 0
        self._deadline: float | None = asyncio.get_running_loop().time() + limit_s

    async def __call__(self) -> Message:
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(408, "The body did not arrive in time", {"Connection": "close"}) from error
        self._n_bytes += len(message.get("body", b""))
        if self._n_bytes > self._most:
            raise HTTPException(413, _too_large(self._most).rstrip("."), {"Connection": "close"})
        if not message.get("more_body"):
            self._deadline = None  # what is received later is that the client has gone
        return message


def _too_large(most: int) -> str:
    return f"The body has more than {most >> 20} MiB."
