"""A service on a port, until it is stopped."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from vlret.errors import UsageError
from vlret.server.app import create_app
from vlret.server.settings import Limits, Settings

_HEAD_BYTES = 16 << 10
_STOP_S = 3


def run_server(settings: Settings, port: int, on_start: Callable[[str], None] = lambda address: None) -> None:
    """Serve until the process is interrupted; `on_start` gets the address, `http://127.0.0.1:8000`.

    Raises:
        UsageError: the port or the address is not free.
        IndexFolderError: a folder holds no index, or a damaged one.
    """
    app = create_app(settings)
    with listening(settings.host, port) as listener:
        name = f"[{settings.host}]" if ":" in settings.host else settings.host
        on_start(f"http://{name}:{listener.getsockname()[1]}")
        server_of(app, settings.limits).run(sockets=[listener])


def server_of(app: FastAPI, limits: Limits) -> uvicorn.Server:
    """The HTTP server of an application, not yet started."""
    return uvicorn.Server(
        uvicorn.Config(
            app, http=BoundedProtocol, ws="none", log_config=None, access_log=False, proxy_headers=False,
            server_header=False, h11_max_incomplete_event_size=_HEAD_BYTES,
            limit_concurrency=limits.connections, timeout_graceful_shutdown=_STOP_S,
        )
    )  # fmt: skip


class BoundedProtocol(H11Protocol):
    """HTTP/1.1; a connection is closed on which the head of a request does not arrive, or an answer is not read."""

    head_s = 15.0
    """Seconds for the head of a request, from its first byte, or from the start of the connection."""

    stall_s = 120.0
    """Seconds in which nothing of an answer is read, as by a player that is paused: it asks for the rest later."""

    _head_timer: asyncio.TimerHandle | None = None
    _stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on; what begins a head starts its time."""
        if self._head_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._wait()
        super().data_received(data)

    def handle_events(self) -> None:
        """Read what has arrived; a whole head ends its time."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._stop_waiting()

    def pause_writing(self) -> None:
        """Wait for the client to read; what is left of the answer is dropped with the connection."""
        super().pause_writing()
        self._stall_timer = self.loop.call_later(self.stall_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on with the answer."""
        self._stop_stalling()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop_waiting()
        self._stop_stalling()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._head_timer = self.loop.call_later(self.head_s, self.transport.close)

    def _stop_stalling(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        UsageError: the port or the address is not free.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        raise UsageError(
            f"Nothing can listen on port {port} of {host}: {error.strerror}.",
            "Choose another port, or stop the program that uses it.",
            code="port_in_use",
            given=port,
        ) from error
