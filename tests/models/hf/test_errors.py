"""Dual encoders of transformers that are missing, of another kind, damaged or hostile are refused."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from huggingface_hub import HfApi, constants
from safetensors.torch import load_file, save_file

from tests.models.open_clip_folders import cache_as
from tests.refusal import refused
from vlret.models.registry import check_model, load_model

REPOSITORY = "openai/clip-vit-base-patch32"
FILES = " ".join(
    f'--include "{name}"' for name in ("*.json", "*.txt", "*.jinja", "*.model", "*.safetensors", "README.md")
)


@pytest.fixture
def clip(hf_folders: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(hf_folders["clip"], tmp_path / "clip"))


@pytest.fixture
def xclip(hf_folders: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(hf_folders["xclip"], tmp_path / "xclip"))


def _load(folder: Path) -> None:
    model = load_model(f"hf:{folder}", "cpu", "float32")
    model.embed_texts(["a cat"])
    model.load()


def _change(file: Path, **values: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


@pytest.mark.parametrize("source", ["", "a/b/c", "no/where/", "a b/c", "clip", "none.json/"])
@pytest.mark.parametrize("refuse", [check_model, load_model])
def test_neither_a_directory_nor_a_name(source, refuse):
    with refused("unknown_model") as refusal:
        refuse(f"hf:{source}")
    assert refusal.value.fields["given"] == f"hf:{source}"
    assert "hf:OWNER/MODEL" in refusal.value.hint


def test_no_hub_fails_at_once_with_the_command(hub_cache):
    started = time.monotonic()
    with refused("model_not_downloaded") as refusal:
        load_model(f"hf:{REPOSITORY}", "cpu")
    assert refusal.value.fields == {"given": REPOSITORY, "command": f"hf download {REPOSITORY} {FILES}"}
    assert time.monotonic() - started < 10


def test_offline_means_no_attempt(hub_cache, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(HfApi, "model_info", lambda *_, **__: pytest.fail("the hub was asked"))
    with refused("model_not_downloaded"):
        load_model(f"hf:{REPOSITORY}", "cpu")


def test_a_cached_hub_model_needs_no_network(hf_folders, hub_cache):
    snapshot = cache_as(REPOSITORY, hf_folders["clip"], hub_cache)
    (snapshot / "README.md").write_text("---\ntags:\n- vision\nlicense: mit\n---\n\n# CLIP\nlicense: none\n")
    model = load_model(f"hf:{REPOSITORY}", "cpu", "float32")
    assert (model.card.name, model.card.revision, model.card.licence) == (f"hf:{REPOSITORY}", "abc123", "mit")
    local = load_model(f"hf:{hf_folders['clip']}", "cpu", "float32")
    assert model.card.weights_hash == local.card.weights_hash
    assert model.card.preprocessing == local.card.preprocessing


@pytest.mark.parametrize(
    "readme", ["license: mit\n", "---\ntags: []\n---\nlicense: mit\n", "---\nlicense: mit\n", ""]
)
def test_a_licence_outside_of_the_top_of_the_card_is_none(readme, hf_folders, hub_cache):
    snapshot = cache_as(REPOSITORY, hf_folders["clip"], hub_cache)
    (snapshot / "README.md").write_text(readme)
    licence = load_model(f"hf:{REPOSITORY}", "cpu").card.licence
    assert licence == f"see https://huggingface.co/{REPOSITORY}"


def test_a_repository_of_pickles_is_refused_before_they_are_fetched(hub_cache, monkeypatch):
    files = [SimpleNamespace(rfilename=name) for name in ("config.json", "pytorch_model.bin")]
    monkeypatch.setattr(HfApi, "model_info", lambda *_, **__: SimpleNamespace(siblings=files))
    with refused("no_safetensors") as refusal:
        load_model(f"hf:{REPOSITORY}", "cpu")
    assert "refs/pr/N" in refusal.value.hint


def test_a_directory_of_pickles_is_refused_and_none_is_opened(clip, tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    (clip / "model.safetensors").unlink()
    torch.save({"logit_scale": Hostile()}, clip / "pytorch_model.bin")
    with refused("no_safetensors"):
        _load(clip)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", ["bert", "qwen3_vl", None, 3])
def test_another_kind_of_model_is_refused(clip, kind):
    _change(clip / "config.json", model_type=kind)
    with refused("not_a_dual_encoder") as refusal:
        _load(clip)
    assert "xclip" in refusal.value.fields["allowed"]


@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json", "tokenizer.json"])
def test_a_folder_that_lacks_a_file_is_refused(xclip, file):
    (xclip / file).unlink()
    with refused("file_missing" if file == "config.json" else "unusable_model"):
        _load(xclip)


@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json", "tokenizer.json"])
def test_a_damaged_file_is_refused(xclip, file):
    (xclip / file).write_text("{")
    with refused("unusable_model" if file == "tokenizer.json" else "damaged_config"):
        _load(xclip)


def test_truncated_weights_are_refused(xclip):
    file = xclip / "model.safetensors"
    file.write_bytes(file.read_bytes()[:200])
    with refused("unreadable_weights"):
        _load(xclip)


@pytest.mark.parametrize("name", ["visual_projection.weight", "text_projection.weight"])
def test_tensors_that_are_missing_are_not_made_up(clip, name):
    weights = load_file(clip / "model.safetensors")
    del weights[name]
    save_file(weights, clip / "model.safetensors", metadata={"format": "pt"})
    with refused("weights_mismatch") as refusal:
        _load(clip)
    assert refusal.value.fields["missing"] == [name]


def test_weights_without_a_scale_are_refused(clip):
    weights = load_file(clip / "model.safetensors")
    del weights["logit_scale"]
    save_file(weights, clip / "model.safetensors", metadata={"format": "pt"})
    with refused("weights_mismatch"):
        _load(clip)


def test_weights_of_another_shape_are_refused(clip):
    weights = load_file(clip / "model.safetensors")
    weights["visual_projection.weight"] = torch.zeros(12, 17)
    save_file(weights, clip / "model.safetensors", metadata={"format": "pt"})
    with refused("unusable_model"):
        _load(clip)


def test_whole_numbers_in_place_of_weights_are_refused(clip):
    weights = load_file(clip / "model.safetensors")
    weights["visual_projection.weight"] = weights["visual_projection.weight"].to(torch.int32)
    save_file(weights, clip / "model.safetensors", metadata={"format": "pt"})
    with refused("weights_mismatch"):
        _load(clip)


def test_a_configuration_larger_than_the_weights_is_refused(xclip):
    config = json.loads((xclip / "config.json").read_text())
    config["text_config"]["vocab_size"] = 1 << 23
    (xclip / "config.json").write_text(json.dumps(config))
    with refused("unsafe_model"):
        _load(xclip)


@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("config.json", {"auto_map": {"AutoConfig": "hostile.Config", "AutoModel": "hostile.Model"}}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["hostile.T", None]}}),
        ("preprocessor_config.json", {"auto_map": {"AutoImageProcessor": "hostile.P"}}),
        ("config.json", {"quantization_config": {"quant_method": "gptq"}}),
        ("tokenizer_config.json", {"tokenizer_file": "/etc/passwd"}),
        ("config.json", {"_attn_implementation": "kernels-community/hostile"}),
    ],
)
def test_settings_that_ask_for_code_or_files_are_refused(clip, tmp_path, file, values):
    (clip / "hostile.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'ran')!r})\n")
    _change(clip / file, **values)
    with refused("unsafe_model"):
        _load(clip)
    assert not (tmp_path / "ran").exists()


def test_a_shard_elsewhere_and_a_link_are_refused(clip, tmp_path):
    (clip / "model.safetensors").rename(tmp_path / "model.safetensors")
    (clip / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../model.safetensors"}}')
    with refused("unsafe_model"):
        _load(clip)
    (clip / "model.safetensors.index.json").unlink()
    (clip / "model.safetensors").symlink_to(tmp_path / "model.safetensors")
    with refused("unsafe_model"):
        _load(clip)


def test_shards_are_one_model(hf_folders, clip):
    weights = load_file(clip / "model.safetensors")
    names = sorted(weights)
    shards = {"model-00001.safetensors": names[::2], "model-00002.safetensors": names[1::2]}
    for file, part in shards.items():
        save_file({name: weights[name] for name in part}, clip / file, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {name: file for file, part in shards.items() for name in part}}
    (clip / "model.safetensors.index.json").write_text(json.dumps(index))
    (clip / "model.safetensors").unlink()
    whole, parted = (load_model(f"hf:{folder}", "cpu", "float32") for folder in (hf_folders["clip"], clip))
    assert (whole.embed_texts(["a cat"]) == parted.embed_texts(["a cat"])).all()
    assert whole.card.weights_hash != parted.card.weights_hash


def test_a_package_that_a_tokenizer_wants_is_named(hf_folders, tmp_path):
    pytest.importorskip("transformers")
    folder = Path(shutil.copytree(hf_folders["siglip"], tmp_path / "siglip"))
    _change(folder / "tokenizer_config.json", tokenizer_class="SiglipTokenizer")
    try:
        import sentencepiece  # noqa: F401
    except ImportError:
        with refused("missing_package") as refusal:
            _load(folder)
        assert "sentencepiece" in refusal.value.hint
