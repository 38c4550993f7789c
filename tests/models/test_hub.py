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


def test_of_a_sentence_transformer_only_what_pytorch_reads_is_fetched():
    files = {
        "modules.json", "README.md", "0_CLIP/config.json", "0_CLIP/vocab.json", "0_CLIP/merges.txt",
        "0_CLIP/model.safetensors", "0_CLIP/pytorch_model.bin", "1_Dense/pytorch_model.bin", "chat_template.jinja",
        "onnx/model.onnx", "onnx/config.json", "openvino/openvino_model.bin", "tf_model.h5", "evil.py",
    }  # fmt: skip
    left_out = {"README.md", "0_CLIP/pytorch_model.bin", "tf_model.h5", "evil.py"}
    left_out |= {"onnx/model.onnx", "onnx/config.json", "openvino/openvino_model.bin"}
    assert set(hub._sentence_transformer_files(files)) == files - left_out


@pytest.mark.parametrize("file", ["modules.json", "config.json"])
def test_a_cached_sentence_transformer_is_its_snapshot(file, hub_cache):
    snapshot = hub_cache / "models--someone--model" / "snapshots" / "abc123"
    (snapshot / "0_CLIP").mkdir(parents=True)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text("abc123")
    (snapshot / file).write_text("[]")
    with pytest.raises(ModelError, match="someone/model is not on this machine"):
        hub.fetch_sentence_transformer("someone/model")
    (snapshot / "0_CLIP" / "model.safetensors").write_bytes(b"")
    assert hub.fetch_sentence_transformer("someone/model") == snapshot


def test_a_download_that_was_stopped_between_two_shards_is_not_taken(hub_cache):
    snapshot = hub_cache / "models--someone--model" / "snapshots" / "abc123"
    snapshot.mkdir(parents=True)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text("abc123")
    (snapshot / "config.json").write_text("{}")
    (snapshot / "model.safetensors.index.json").write_text(
        '{"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}'
    )
    (snapshot / "1.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="someone/model is not on this machine"):
        hub.fetch_transformers("someone/model")
    (snapshot / "2.safetensors").write_bytes(b"")
    assert hub.fetch_transformers("someone/model") == snapshot
