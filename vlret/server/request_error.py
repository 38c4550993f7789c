"""A request that is refused."""

from __future__ import annotations

from vlret.errors import VlretError


class RequestError(VlretError):
    """A request that is refused, with the status of its answer."""

    def __init__(self, message: str, hint: str = "", *, status: int, code: str) -> None:
        super().__init__(message, hint, code=code)
        self.status = status
