"""Odd files, each made once for all tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media.odd import MAKERS


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`odd(name)`: the path of an odd file of docs/media.md."""
    folder = tmp_path_factory.mktemp("odd")

    def path(name: str) -> Path:
        file = folder / name
        return file if file.exists() else MAKERS[name](file)

    return path
