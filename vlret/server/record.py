"""Counts and times each answer, logs those that refuse a request, and answers where vlret has a bug."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vlret.server.errors import ErrorAnswer
from vlret.server.metrics import Metrics
from vlret.text import printable

log = logging.getLogger(__name__)

_NO_ANSWER = 499  # as nginx: the client has gone
_ORDINARY = {400, 422}


class Record:
    """Stands around all else of a service."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, and note its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = _NO_ANSWER, time.monotonic()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            log.error("A bug in vlret, at %s", printable(scope["path"]), exc_info=error)
            if status == _NO_ANSWER:
                hint = "The log of the server says more."
                await ErrorAnswer(500, "internal_error", "A bug in vlret.", hint)(scope, receive, sending)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.seconds.labels(route, status).observe(time.monotonic() - started)
            if status >= 400 and status != _NO_ANSWER:
                self._note_refusal(scope, status)

    def _note_refusal(self, scope: Scope, status: int) -> None:
        code = scope.get("error_code", "")
        self._metrics.refused.labels(code).inc()
        level = logging.INFO if status in _ORDINARY else logging.WARNING
        log.log(level, "%s %s from %s: %d %s", scope["method"], printable(scope["path"][:200]), _client(scope),
                status, code)  # fmt: skip


def _client(scope: Scope) -> str:
    return str((scope.get("client") or ("unknown",))[0])
