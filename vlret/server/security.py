"""Who may ask: the Host and Origin headers, the access token; and the headers that each answer carries."""

from __future__ import annotations

import hmac
import ipaddress
import re
import socket
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vlret.server.errors import answer_error
from vlret.server.request_error import RequestError
from vlret.server.settings import Settings, is_loopback

COOKIE = "vlret_token"

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[\w.-]+)(:\d+)?", re.ASCII)
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SafeHeaders:
    """Gives each answer the headers that keep browsers from doing more with it than the page needs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, sending)


class Security:
    """Refuses requests by their heads, before anything else of them is read.

    - `Host` must be a name of this service: a page of a foreign name that was made to point here (DNS rebinding)
      has its own.
    - `Origin` of a request that is not a GET must be this service.
    - The token, where there is one, must be in `Authorization: Bearer`, or in the cookie that `/?token=` sets. The
      page itself and its files need none.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._token = app, settings.token
        self._named = frozenset(name.lower() for name in settings.hosts)
        self._known = self._named | _LOOPBACK | {settings.host.lower()} | _own_names(settings.host)
        self._is_local = is_loopback(settings.host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or let it through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check_host(headers)
            if scope["method"] not in _READING:
                self._check_origin(headers)
            cookie = self._check_token(scope, headers)
        except RequestError as error:
            await answer_error(error)(scope, receive, send)
            return
        await self._app(scope, receive, _with_cookie(send, cookie) if cookie else send)

    def _check_host(self, headers: Headers) -> None:
        name = _name_of(headers.get("host", ""))
        if name not in self._known and (self._is_local or not _is_address(name)):
            raise RequestError(
                "This service is not known by the name in the Host header.",
                "Use the address that it printed, or start it with this name.",
                status=403,
                code="foreign_host",
            )

    def _check_origin(self, headers: Headers) -> None:
        origin = headers.get("origin")
        if origin is None or _place(origin) == headers["host"] or _name_of(_place(origin)) in self._named:
            return
        raise RequestError(
            "Pages of another origin may not use this service.", status=403, code="foreign_origin"
        )

    def _check_token(self, scope: Scope, headers: Headers) -> str | None:
        """Return the cookie to set, if any."""
        if self._token is None:
            return None
        if scope["path"] == "/":
            given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
            if given is None:
                return None
            self._compare(given[0])
            return f"{COOKIE}={self._token}; Path=/; HttpOnly; SameSite=Strict"
        if not scope["path"].startswith("/static/"):
            self._compare(_given_token(headers))
        return None

    def _compare(self, given: str) -> None:
        if not hmac.compare_digest(given.encode(), (self._token or "").encode()):
            raise RequestError(
                "This service needs its access token.",
                "Open the address with the token that it printed.",
                status=401,
                code="wrong_token",
            )


def _given_token(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")


def _with_cookie(send: Send, cookie: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("Set-Cookie", cookie)
        await send(message)

    return sending


def _name_of(host: str) -> str:
    """The name or address in a Host header, "" if it is none."""
    found = _HOST.fullmatch(host.lower())
    return found["name"].strip("[]").rstrip(".") if found else ""


def _place(origin: str) -> str:
    """`localhost:8000` of `http://localhost:8000`."""
    return origin.partition("://")[2]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _own_names(host: str) -> frozenset[str]:
    """The names of this machine, where others can reach the service."""
    return frozenset() if is_loopback(host) else frozenset({socket.gethostname().lower()})
