"""Whether the package of a server for language models is installed."""

from __future__ import annotations

from importlib.util import find_spec

from vlret.errors import MissingExtraError


def check_extra() -> None:
    """Raise `MissingExtraError` unless the package of `vlret[mcp]` is installed."""
    if find_spec("mcp") is None:
        raise MissingExtraError(
            "A server for language models needs the package mcp.",
            "Run: pip install 'vlret[mcp]'",
            code="missing_package",
            package="mcp",
        )
