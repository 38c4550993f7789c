"""Limits the number of threads of numeric libraries."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_n_inside = 0
_first: Any = None


@contextmanager
def one_thread() -> Iterator[None]:
    """Restrict BLAS and OpenMP to the calling thread while the block runs.

    If the work takes milliseconds, as for a single query, the threads of these libraries wait for each other
    longer than they compute, and on a busy machine for seconds. Blocks may overlap in several threads: the limit
    of OpenMP belongs to the calling thread, that of some BLAS to the process, so the last block to end restores
    what the first one found.
    """
    global _n_inside, _first  # noqa: PLW0603 - the setting of the libraries is global, too
    with _lock:
        limits = _libraries(len(sys.modules)).limit(limits=1)
        _first = _first if _n_inside else limits
        _n_inside += 1
    try:
        yield
    finally:
        with _lock:
            limits.restore_original_limits()
            _n_inside -= 1
            if _n_inside == 0 and _first is not None:
                _first.restore_original_limits()


@lru_cache(maxsize=1)
def _libraries(n_modules: int) -> ThreadpoolController:
    """The libraries that are loaded; finding them takes a millisecond, and only an import brings new ones."""
    return ThreadpoolController()


def _after_fork() -> None:
    """Reset the limits in a forked child, where GNU OpenMP would wait forever for threads of the parent."""
    global _lock, _n_inside
    _lock, _n_inside = threading.Lock(), 0
    for name, set_threads in (("faiss", "omp_set_num_threads"), ("torch", "set_num_threads")):
        if name in sys.modules:
            getattr(sys.modules[name], set_threads)(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
