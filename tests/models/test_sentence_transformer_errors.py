"""Sentence-transformers models that are missing, wrong or hostile are refused."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import HfApi, constants

from tests.models.sentence_transformer_folders import save_text_only
from tests.refusal import refused
from vlret.errors import ModelError
from vlret.models.registry import check_model, load_model


@pytest.fixture
def clip(st_clip_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(st_clip_folder, tmp_path / "clip"))


@pytest.fixture
def modules(st_modules_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(st_modules_folder, tmp_path / "modules"))


def _refused(folder: Path, reason: str = "cannot be loaded by sentence-transformers") -> None:
    with pytest.raises(ModelError, match=reason) as refusal:
        load_model(f"st:{folder}", "cpu")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("version", [None, "5.1.0"])
@pytest.mark.parametrize("refuse", [check_model, load_model])
def test_the_extra_is_named_where_it_is_needed(version, refuse, monkeypatch):
    def installed(package: str) -> str:
        if version is None:
            raise importlib.metadata.PackageNotFoundError(package)
        return version

    monkeypatch.setattr(importlib.metadata, "version", installed)
    with refused("missing_package") as refusal:
        refuse("st:clip-ViT-B-32")
    assert 'pip install "sentence-transformers>=6.0"' in refusal.value.hint


@pytest.mark.parametrize("source", ["", "a/b/c", "no/where/", "a b", "none.json/"])
def test_neither_a_directory_nor_a_name(source):
    with refused("unknown_model") as refusal:
        load_model(f"st:{source}", "cpu")
    assert refusal.value.fields["given"] == f"st:{source}"


@pytest.mark.parametrize(
    ("source", "repository"),
    [("clip-ViT-B-32", "sentence-transformers/clip-ViT-B-32"), ("Qwen/Qwen3-VL-Embedding-2B",) * 2],
)
def test_no_such_model_or_no_hub_fails_at_once(source, repository, hub_cache):
    started = time.monotonic()
    with refused("model_not_downloaded") as refusal:
        load_model(f"st:{source}", "cpu")
    assert refusal.value.fields == {"given": repository, "command": f"hf download {repository}"}
    assert time.monotonic() - started < 10


def test_offline_means_no_attempt(hub_cache, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(HfApi, "model_info", lambda *_, **__: pytest.fail("the hub was asked"))
    with refused("model_not_downloaded") as refusal:
        load_model("st:clip-ViT-B-32", "cpu")
    assert "HF_HUB_OFFLINE is set" in refusal.value.message


def test_a_text_only_model_embeds_texts_and_refuses_clips(tmp_path):
    model = load_model(f"st:{save_text_only(tmp_path)}", "cpu")
    assert model.embed_texts(["a cat", "a dog"]).shape == (2, model.card.dim)
    with refused("text_only_model"):
        model.embed_clips([np.zeros((1, 8, 8, 3), np.uint8)])


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "processor_config.json"])
def test_a_folder_that_lacks_a_file_is_refused(clip, file):
    (clip / file).unlink()
    _refused(clip)


def test_an_empty_folder_is_refused(tmp_path):
    _refused(tmp_path)


@pytest.mark.parametrize("file", ["config.json", "modules.json", "tokenizer.json", "1_Dense/config.json"])
def test_a_damaged_file_is_refused(modules, file):
    (modules / file).write_text("{")
    _refused(modules, r"is not JSON|cannot be loaded by sentence-transformers")


@pytest.mark.parametrize("file", ["model.safetensors", "1_Dense/model.safetensors"])
def test_a_truncated_weights_file_is_refused(modules, file):
    (modules / file).write_bytes((modules / file).read_bytes()[:100])
    _refused(modules, "cannot be read as a safetensors file")


def test_a_pickle_that_runs_code_is_refused(clip, tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    (clip / "model.safetensors").unlink()
    torch.save({"logit_scale": Hostile()}, clip / "pytorch_model.bin")
    _refused(clip)
    assert not (tmp_path / "ran").exists()


def test_a_module_that_lies_in_the_folder_is_not_run(modules, tmp_path):
    (modules / "hostile.py").write_text(
        f"import os\nos.mkdir({str(tmp_path / 'ran')!r})\nclass Module: ...\n"
    )
    listed = json.loads((modules / "modules.json").read_text())
    listed[1]["type"] = "hostile.Module"
    (modules / "modules.json").write_text(json.dumps(listed))
    _refused(modules, r"asks for the class 'hostile\.Module'")
    assert not (tmp_path / "ran").exists()


def test_an_architecture_that_lies_in_the_folder_is_not_run(clip, tmp_path):
    (clip / "hostile.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'ran')!r})\nclass Config: ...\n")
    config = json.loads((clip / "config.json").read_text())
    config |= {
        "model_type": "hostile",
        "auto_map": {"AutoConfig": "hostile.Config", "AutoModel": "hostile.Model"},
    }
    (clip / "config.json").write_text(json.dumps(config))
    _refused(clip, r"asks for code of its own \(auto_map\)")
    assert not (tmp_path / "ran").exists()
