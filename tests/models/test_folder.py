"""What a model folder may hold, and what sound folders hold that must not be refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.models.open_clip_folders import CLIP, cache_as
from vlret.errors import ModelError
from vlret.models import folder as folders
from vlret.models.folder import as_model_error, check_folder, is_plain_file, read_object
from vlret.models.registry import MODELS, load_model

PUBLISHED = {
    # parts of files as they are published with CLIP, SigLIP 2, MiniLM and Qwen3-VL
    "tokenizer_config.json": {
        "special_tokens_map_file": "/root/.cache/special_tokens_map.json",
        "name_or_path": "/home/someone/model",
        "model_max_length": 1000000000000000019884624838656,
        "sp_model_kwargs": {},
        "auto_map": None,
    },
    "config.json": {
        "_name_or_path": "nreimers/MiniLM-L6-H384-uncased",
        "architecture": "vit_base_patch16_clip_224",
        "model_args": {"global_pool": "token", "img_size": [224, 224], "reg_tokens": 0},
        "rope_theta": 500_000_000,
        "attn_implementation": "sdpa",
        "_attn_implementation": None,
    },
    "preprocessor_config.json": {
        "size": {"longest_edge": 25165824, "shortest_edge": 65536},
        "crop_size": 224,
    },
    "model.safetensors.index.json": {
        "metadata": {"total_size": 4 << 40},
        "weight_map": {"a": "model-00001-of-00002.safetensors"},
    },
    "generation_config.json": {"trust_remote_code": False},
    "data_config.json": [{"name": "reddit-title-body/*.jsonl.gz", "lines": 135_108_166, "weight": 999}],
}


def _write(folder: Path, name: str, values: object) -> None:
    (folder / name).write_text(json.dumps(values))


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_published_passes(name, tmp_path):
    _write(tmp_path, name, PUBLISHED[name])
    _write(tmp_path, "vocab.json", {"auto_map": 1, "trust_remote_code": 2, "vocab_file": 10**12})
    (tmp_path / "handler.py").write_text("raise RuntimeError")
    (tmp_path / "link").symlink_to("vocab.json")
    check_folder(tmp_path)


def test_a_snapshot_of_the_hubs_cache_holds_links_to_the_files_beside_it(clip_folder, hub_cache):
    snapshot = cache_as(MODELS["clip"].hub, clip_folder, hub_cache)
    blobs = snapshot.parent.parent / "blobs"
    blobs.mkdir()
    for number, file in enumerate(sorted(snapshot.iterdir())):
        file.rename(blobs / str(number))
        file.symlink_to(Path("..", "..", "blobs", str(number)))
    for name in ("clip", snapshot):
        assert load_model(name, "cpu").card.dim == CLIP["model_cfg"]["embed_dim"]
    (snapshot / "vocab.txt").symlink_to(hub_cache.parent / "elsewhere.txt")
    with pytest.raises(ModelError, match="is a link that leads out"):
        load_model(snapshot, "cpu")


def test_a_folder_called_snapshots_is_no_cache(tmp_path):
    folder = tmp_path / "snapshots" / "abc"
    folder.mkdir(parents=True)
    (tmp_path / "blobs").mkdir()
    for target in ("secret.txt", "blobs/secret.txt"):
        (tmp_path / target).write_text("secret")
        (folder / "vocab.txt").unlink(missing_ok=True)
        (folder / "vocab.txt").symlink_to(tmp_path / target)
        with pytest.raises(ModelError, match="is a link that leads out"):
            check_folder(folder)


def test_blobs_that_lie_elsewhere_are_no_cache(tmp_path):
    folder = tmp_path / "models--a--b" / "snapshots" / "abc"
    folder.mkdir(parents=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "secret").write_text("secret")
    (tmp_path / "models--a--b" / "blobs").symlink_to(tmp_path / "mine")
    (folder / "vocab.txt").symlink_to("../../blobs/secret")
    with pytest.raises(ModelError, match="is a link that leads out"):
        check_folder(folder)


def test_a_folder_of_everything_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "_MOST_ENTRIES", 3)
    for number in range(4):
        (tmp_path / f"{number}").touch()
    with pytest.raises(ModelError, match="holds more than 3 files"):
        check_folder(tmp_path)


def test_names_are_printed_without_control_characters(tmp_path):
    _write(tmp_path, "\x1b[2J.json", {"weight_map": {"a": "../\x1b[2J"}})
    with pytest.raises(ModelError, match=r"\\x1b\[2J") as refusal:
        check_folder(tmp_path)
    assert "\x1b" not in str(refusal.value)


@pytest.mark.parametrize("content", ["[]", "7", "null", "{", "", "[" * 10**5, '{"a": ' + "1" * 5000 + "}"])
def test_settings_are_an_object(content, tmp_path):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(ModelError, match=r"is not JSON|holds no JSON object"):
        read_object(tmp_path / "a.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_fifo_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(ModelError, match=r"config\.json does not exist"):
        read_object(tmp_path / "config.json")


@pytest.mark.parametrize("name", ["a.bin", "a b.safetensors", "...", "-x"])
def test_a_plain_file_lies_beside(name):
    assert is_plain_file(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "..\\a", "C:a", "a\0", 7, None, ["a"]])
def test_all_else_does_not(name):
    assert not is_plain_file(name)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("bad\nmore"), "what: bad."),
        (KeyError("a"), "what: KeyError 'a'."),
        (AssertionError(), "what: AssertionError."),
    ],
)
def test_errors_of_libraries_are_one_line(error, told):
    with pytest.raises(ModelError) as refusal, as_model_error("what", "Do this."):
        raise error
    assert str(refusal.value) == f"{told} Do this."
