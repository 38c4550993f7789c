"""Shared by the model tests: tiny open_clip folders and a hub cache of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.models.open_clip_folders import CLIP, PE, SIGLIP, save_folder


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(tmp_path_factory.mktemp("open_clip") / "clip", CLIP)


@pytest.fixture(scope="session")
def siglip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(tmp_path_factory.mktemp("open_clip") / "siglip", SIGLIP)


@pytest.fixture(scope="session")
def pe_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(tmp_path_factory.mktemp("open_clip") / "pe", PE)


@pytest.fixture(scope="session")
def st_clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.models.sentence_transformer_folders import save_clip

    return save_clip(tmp_path_factory.mktemp("st_clip"))


@pytest.fixture(scope="session")
def st_modules_folder(st_clip_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.models.sentence_transformer_folders import save_modules

    return save_modules(tmp_path_factory.mktemp("st_modules"), st_clip_folder)


class _Folders(dict[str, Path]):
    """A tiny dual encoder of transformers by its family, made on first use."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __missing__(self, family: str) -> Path:
        from tests.models.hf.folders import SAVE

        self[family] = SAVE[family](self._home / family)
        return self[family]


@pytest.fixture(scope="session")
def hf_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return _Folders(tmp_path_factory.mktemp("hf"))


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache, and a hub address at which nothing answers."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    return tmp_path / "hub"
