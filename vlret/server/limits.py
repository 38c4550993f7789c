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
    """Refuses bodies that are too large (413) or do not arrive in time (408)."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or let it through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_upload = scope["path"].endswith("/upload")
        most = self._limits.upload_bytes if is_upload else self._limits.json_bytes
        stated = Headers(scope=scope).get("content-length", "0")
        if stated.isdecimal() and int(stated) > most:
            await answer_error(RequestError(_too_large(most), status=413, code="body_too_large"))(
                scope, receive, send
            )
            return
        await self._app(scope, _Body(receive, most, self._limits.body_s), send)


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
