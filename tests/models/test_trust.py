"""Which models may be loaded because a file names them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.models.open_clip_folders import cache_as
from vlret.models.registry import MODELS
from vlret.models.trust import is_trusted


@pytest.mark.parametrize("name", MODELS)
def test_built_in_names_are(name):
    assert is_trusted(name)


@pytest.mark.parametrize(
    "name",
    [
        "models/clip", "/models/clip", "./clip", "st:models/clip", "st:/models/clip", "st:clip-ViT-B-32",
        "hf:models/clip", "hf:/models/clip", "hf:openai/clip-vit-base-patch32", "hf:", "st:hf:/models", "json:Class",
        "open_clip:no/such", "open_clip:/models/clip", "hf-hub:a/b", "", "st:", "open_clip:", "clip ", "/models\0",
    ],
)  # fmt: skip
def test_all_else_is_not(name):
    assert not is_trusted(name)


def test_weights_of_open_clips_own_table_are_once_they_are_fetched(clip_folder, hub_cache):
    name = "open_clip:ViT-B-16/openai"
    assert not is_trusted(name)
    cache_as(MODELS["clip"].hub, clip_folder, hub_cache)
    assert is_trusted(name)


def test_folders_below_a_trusted_directory_are(tmp_path, monkeypatch):
    for name in ("mine/a/deep", "also/b", "other/c", "mine2"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "mine" / "link").symlink_to(tmp_path / "other" / "c")
    (tmp_path / "way").symlink_to(tmp_path / "mine")
    monkeypatch.setenv(
        "VLRET_TRUSTED_MODELS", os.pathsep.join(["", str(tmp_path / "way"), str(tmp_path / "also")])
    )
    inside = ["mine", "mine/a", "mine/a/deep", "also/b", "way/a", "other/../mine/a"]
    outside = ["other/c", "mine/../other/c", "mine/link", "mine2", ".", ".."]
    assert all(is_trusted(f"{prefix}{tmp_path / name}") for name in inside for prefix in ("", "st:", "hf:"))
    assert not any(
        is_trusted(f"{prefix}{tmp_path}/{name}") for name in outside for prefix in ("", "st:", "hf:")
    )


def test_a_relative_name_is_not_even_in_a_trusted_directory(tmp_path: Path, monkeypatch):
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VLRET_TRUSTED_MODELS", str(tmp_path))
    assert not is_trusted("a")
    assert not is_trusted("st:a")
    assert not is_trusted("hf:a")


def test_a_dual_encoder_of_the_hub_is_not_even_once_it_is_fetched(hf_folders, hub_cache):
    cache_as("openai/clip-vit-base-patch32", hf_folders["clip"], hub_cache)
    assert not is_trusted("hf:openai/clip-vit-base-patch32")
