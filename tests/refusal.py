"""A context that expects an error of vlret by its code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from vlret.errors import VlretError


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[VlretError]]:
    """Expects an error with this code."""
    with pytest.raises(VlretError) as caught:
        yield caught
    assert caught.value.code == code, caught.value
