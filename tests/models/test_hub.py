"""The hub's cache, and what is said when neither cache nor hub has the model."""

from __future__ import annotations

import socket
import time

import pytest
from huggingface_hub import HfApi, constants

from tests.models.open_clip_folders import cache_as
from vlret.errors import ModelError
from vlret.models import hub

REPOSITORY = "timm/PE-Core-B-16"
NAMED = r"open_clip_model\.safetensors of timm/PE-Core-B-16 .*hf download timm/PE-Core-B-16"


def test_a_cached_repository_is_its_snapshot(clip_folder, hub_cache):
    assert not hub.is_cached(REPOSITORY)
    snapshot = cache_as(REPOSITORY, clip_folder, hub_cache)
    assert hub.is_cached(REPOSITORY)
    assert hub.fetch(REPOSITORY) == snapshot


def test_offline_means_no_attempt(hub_cache, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(HfApi, "model_info", lambda *_, **__: pytest.fail("the hub was asked"))
    with pytest.raises(ModelError, match=f"HF_HUB_OFFLINE is set.*{REPOSITORY}"):
        hub.fetch(REPOSITORY)


def test_a_snapshot_without_weights_is_not_taken(clip_folder, hub_cache, monkeypatch):
    snapshot = cache_as(REPOSITORY, clip_folder, hub_cache)
    (snapshot / "open_clip_model.safetensors").unlink()
    assert not hub.is_cached(REPOSITORY)
    with pytest.raises(ModelError, match=NAMED):
        hub.fetch(REPOSITORY)


def test_a_hub_that_is_not_there_is_told_at_once(hub_cache):
    started = time.monotonic()
    with pytest.raises(ModelError, match=NAMED):
        hub.fetch(REPOSITORY)
    assert time.monotonic() - started < 10


def test_a_hub_that_never_answers_is_given_up(hub_cache, monkeypatch):
    monkeypatch.setattr(hub, "_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(ModelError, match=NAMED):
            hub.fetch(REPOSITORY)
    assert time.monotonic() - started < 10
