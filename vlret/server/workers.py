"""Threads for one kind of work, with a bounded queue and a time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from vlret.server.request_error import RequestError

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """`threads` threads; of the work that waits for them, what goes beyond `queue` is refused.

    Args:
        name: what they do, for messages: "search".
        limit_s: who waits longer than this for a result gets an error.
    """

    def __init__(self, name: str, threads: int, queue: int, limit_s: float) -> None:
        self.name, self.n_waiting = name, 0
        self._executor = ThreadPoolExecutor(threads, name)
        self._queue, self._limit_s = queue + threads, limit_s

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the function's result.

        Raises:
            RequestError: the queue is full (503), or there is no result in time (504).
        """
        self.check_queue()
        self.n_waiting += 1
        loop = asyncio.get_running_loop()
        try:
            work = loop.run_in_executor(self._executor, partial(function, *args, **kwargs))
            return await asyncio.wait_for(work, self._limit_s)
        except TimeoutError as error:
            message = f"No result of {self.name} within {self._limit_s:g} s."
            raise RequestError(message, "Try again later.", status=504, code="too_slow") from error
        finally:
            self.n_waiting -= 1

    def check_queue(self) -> None:
        """Raise `RequestError` (503) where the queue is full."""
        if self.n_waiting >= self._queue:
            raise RequestError(
                f"The queue of {self.name} is full.", "Try again in a moment.", status=503, code="busy"
            )

    def close(self) -> None:
        """Start nothing more."""
        self._executor.shutdown(wait=False, cancel_futures=True)
