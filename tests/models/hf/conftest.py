"""Each family's tiny model, saved once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models.hf.folders import SAVE


@pytest.fixture(scope="session")
def hf_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("hf")
    return {kind: save(home / kind) for kind, save in SAVE.items()}
