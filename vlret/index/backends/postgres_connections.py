"""Connections to a PostgreSQL server."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from typing import Any, TypeVar

from vlret.errors import MissingExtraError, UsageError
from vlret.index.backends.address import Address

Result = TypeVar("Result")
_CONNECT_SECONDS = 10


class Connections:
    """Connections that wait for the next call; each call has one of its own, so that threads search side by side."""

    def __init__(
        self, settings: dict[str, Any], prepare: Callable[[Any], None] = lambda connection: None
    ) -> None:
        """`settings`: those of `connection_settings`; `prepare` is called with each new `psycopg.Connection`."""
        self._settings, self._prepare = settings, prepare
        self._idle: deque[Any] = deque()

    def run(self, work: Callable[[Any], Result]) -> Result:
        """What `work` makes of a connection; called again where one that waited is lost, as after a restart.

        `work` does the same when it is repeated.
        """
        while True:
            waiting = self._next_idle()
            connection = waiting or self._connect()
            try:
                result = work(connection)
            except BaseException:
                is_lost = connection.broken
                connection.close()
                if waiting and is_lost:
                    continue
                raise
            self._idle.append(connection)
            return result

    def close(self) -> None:
        """Close those that wait."""
        while connection := self._next_idle():
            connection.close()

    def _next_idle(self) -> Any:
        with suppress(IndexError):
            return self._idle.pop()
        return None

    def _connect(self) -> Any:
        import psycopg

        connection = psycopg.connect(**self._settings, autocommit=True)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def connection_settings(address: Address) -> dict[str, Any]:
    """What `psycopg.connect` takes.

    Raises:
        MissingExtraError: psycopg or pgvector is not installed.
        UsageError: PostgreSQL's library cannot read the address.
    """
    if find_spec("psycopg") is None or find_spec("pgvector") is None:
        raise MissingExtraError(
            "PostgreSQL needs the packages psycopg and pgvector.", "Run: pip install 'vlret[postgres]'",
            code="missing_package", package="psycopg",
        )  # fmt: skip
    settings = {"client_encoding": "utf8", "fallback_application_name": "vlret", **_parsed(address)}
    if "PGCONNECT_TIMEOUT" not in os.environ:
        settings.setdefault("connect_timeout", _CONNECT_SECONDS)
    return settings


def _parsed(address: Address) -> dict[str, Any]:
    """The parts of an address; what libpq says of a bad one may hold pieces of a password, and is not shown."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts: dict[str, Any] = conninfo_to_dict(address.location)
    except psycopg.ProgrammingError:
        parts = {"host": "@"}
    if "@" in f"{parts.get('host')}{parts.get('port')}{parts.get('dbname')}":
        raise UsageError(
            f"{address.shown} is no address of PostgreSQL.",
            "Give postgresql://USER@HOST/NAME, and a password in PGPASSWORD or ~/.pgpass.",
            code="bad_address", given=address.shown,
        ) from None  # fmt: skip
    return parts
