"""A stand-in for decord."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media import fake_decord as stand_in


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
