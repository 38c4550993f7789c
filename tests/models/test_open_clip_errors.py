"""OpenCLIP refuses files that are missing, wrong or hostile."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.models.open_clip_folders import CLIP, SIGLIP
from tests.refusal import refused
from vlret.models.open_clip import OpenCLIP


@pytest.fixture
def clip(clip_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clip_folder, tmp_path / "clip"))


@pytest.fixture
def siglip(siglip_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(siglip_folder, tmp_path / "siglip"))


def _load(folder: Path) -> OpenCLIP:
    return OpenCLIP.from_folder(folder, "cpu", "float32")


def _configure(folder: Path, config: dict) -> None:
    (folder / "open_clip_config.json").write_text(json.dumps(config))


def test_missing_weights_are_named(clip):
    (clip / "open_clip_model.safetensors").unlink()
    with refused("file_missing") as refusal:
        _load(clip)
    assert refusal.value.fields["path"] == clip / "open_clip_model.safetensors"


def test_a_missing_tokenizer_is_named_with_the_command_that_fetches_it(siglip):
    (siglip / "tokenizer.json").unlink()
    with refused("file_missing") as refusal:
        _load(siglip)
    assert refusal.value.fields["path"] == siglip / "tokenizer.json"
    assert "hf download someone/siglip-tiny" in refusal.value.hint


def test_a_damaged_tokenizer_is_refused(siglip):
    (siglip / "tokenizer.json").write_text('{"version": "1.0", "model": ')
    with refused("unusable_model"):
        _load(siglip)


@pytest.mark.parametrize("key", ["mean", "std", "interpolation", "resize_mode"])
def test_preprocessing_is_not_guessed(clip, key):
    preprocess = {name: value for name, value in CLIP["preprocess_cfg"].items() if name != key}
    _configure(clip, {**CLIP, "preprocess_cfg": preprocess})
    with refused("no_preprocessing") as refusal:
        _load(clip)
    assert refusal.value.fields["missing"] == [key]


def test_clips_vocabulary_is_not_taken_for_another_models(siglip):
    """Without hf_tokenizer_name, open_clip would silently use CLIP's 49408 entries for SigLIP."""
    text = {k: v for k, v in SIGLIP["model_cfg"]["text_cfg"].items() if not k.startswith("hf_")}
    _configure(siglip, {**SIGLIP, "model_cfg": {**SIGLIP["model_cfg"], "text_cfg": text}})
    with refused("wrong_tokenizer") as refusal:
        _load(siglip)
    assert "has 49408 entries, and the text tower was trained with 11" in refusal.value.message


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"model_cfg": {"embed_dim": 3}}', '{"model_cfg": 7}'])
def test_a_configuration_that_is_none_is_refused(clip, content):
    (clip / "open_clip_config.json").write_text(content)
    with refused("damaged_config"):
        _load(clip)


def test_a_truncated_weights_file_is_refused(clip):
    weights = clip / "open_clip_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with refused("unreadable_weights"):
        _load(clip)


@pytest.mark.parametrize("change", ["drop", "add"])
def test_weights_that_do_not_fit_exactly_are_refused(clip, change):
    tensors = load_file(clip / "open_clip_model.safetensors")
    if change == "drop":
        del tensors["visual.proj"]
    else:
        tensors["visual.extra"] = torch.zeros(1)
    save_file(tensors, clip / "open_clip_model.safetensors")
    with refused("unusable_model"):
        _load(clip)


def test_a_pickle_that_runs_code_is_refused(clip, tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    (clip / "open_clip_model.safetensors").unlink()
    torch.save({"visual.proj": Hostile()}, clip / "open_clip_pytorch_model.bin")
    with refused("unusable_model"):
        _load(clip)
    assert not (tmp_path / "ran").exists()


def test_an_unknown_pair_gets_the_nearest_ones():
    with refused("unknown_model") as refusal:
        OpenCLIP.from_hub("ViT-B-16-SigLIP2/weblii")
    assert "ViT-B-16-SigLIP2/webli" in refusal.value.hint


def test_a_bare_checkpoint_is_refused():
    with refused("bare_checkpoint"):
        OpenCLIP.from_hub("ViTamin-S/datacomp1b")
