"""Whether the packages of a service are installed."""

from __future__ import annotations

from importlib.util import find_spec

from vlret.errors import MissingExtraError

_MODULES = ("fastapi", "uvicorn", "multipart", "prometheus_client")


def check_extra() -> None:
    """Raise `MissingExtraError` unless the packages of `vlret[serve]` are installed."""
    missing = [name for name in _MODULES if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"A service needs packages that are not installed: {', '.join(missing)}.",
            "Run: pip install 'vlret[serve]'",
            code="missing_package",
            package=missing[0],
        )
