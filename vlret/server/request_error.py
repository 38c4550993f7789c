"""A request that is refused."""

from __future__ import annotations

from vlret.errors import VlretError


class RequestError(VlretError):
    """A request that is refused, with the status of its answer."""

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint, code=code)
        self.status = status
