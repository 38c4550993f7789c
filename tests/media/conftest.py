"""Odd files, each made once for all tests."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.media import fake_decord as stand_in
from tests.media.odd import MAKERS


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`odd(name)`: the path of an odd file of docs/media.md."""
    folder = tmp_path_factory.mktemp("odd")

    def path(name: str) -> Path:
        file = folder / name
        return file if file.exists() else MAKERS[name](file)

    return path


@pytest.fixture
def fake_decord(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Child processes, and this one, import the stand-in for decord."""
    folder = tmp_path / "fake"
    folder.mkdir()
    shutil.copy(stand_in.__file__, folder / "decord.py")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "decord", raising=False)
    yield
    sys.modules.pop("decord", None)
