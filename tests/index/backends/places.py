"""Where databases of tests are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vlret.index.backends.database import Database

DATABASES = ["lance", "qdrant_in_this_process", "qdrant_server", "postgres"]
"""Fixtures of `Place`s, one a database."""


@dataclass
class Place:
    """Where a database keeps one table.

    Attributes:
        open: opens it, `open(dim=None)`.
        address: with which a process of its own opens it beside this one; None: the database is in one process alone.
    """

    open: Callable[..., Database]
    address: str | None
