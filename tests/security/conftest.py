"""A sandbox for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.security.sandbox import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A fresh sandbox; the current folder and the home folder lie in it."""
    made = Sandbox(tmp_path / "sandbox")
    home = made.root / "home"
    home.mkdir()
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.chdir(made.root)
    return made
