"""Damaged weight files end in one `ModelError`, whatever is wrong with them and whoever reads them."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.models.vljepa.tiny import tiny_folder, tiny_model
from vlret.errors import ModelError
from vlret.models.registry import load_model
from vlret.models.vljepa.checks import weights_hash


def _with_header(file: Path, made: Callable[[dict[str, Any]], Any]) -> None:
    """The file with another header."""
    data = file.read_bytes()
    end = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.dumps(made(json.loads(data[8:end]))).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header + data[end:])


def _with_tensors(file: Path, made: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    save_file(made(load_file(file)), file)


def _largest(tensors: dict[str, Any]) -> str:
    return max(tensors, key=lambda name: tensors[name].size)


def _overlapping(header: dict[str, Any]) -> dict[str, Any]:
    names = [name for name in header if name != "__metadata__"]
    return {**header, names[1]: {**header[names[1]], "data_offsets": header[names[0]]["data_offsets"]}}


def _beyond(header: dict[str, Any]) -> dict[str, Any]:
    name = next(name for name in header if name != "__metadata__")
    return {**header, name: {**header[name], "data_offsets": [0, 10**12]}}


def _other_shape(tensors: dict[str, Any]) -> dict[str, Any]:
    name = _largest(tensors)
    return {**tensors, name: np.ascontiguousarray(tensors[name].T[:1])}


def _whole_numbers(tensors: dict[str, Any]) -> dict[str, Any]:
    name = _largest(tensors)
    return {**tensors, name: tensors[name].astype(np.int32)}


def _missing(tensors: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in tensors.items() if name != _largest(tensors)}


def _renamed(tensors: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}x" if name == _largest(tensors) else name: value for name, value in tensors.items()}


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "cut in its header": lambda file: file.write_bytes(file.read_bytes()[:100]),
    "cut in its numbers": lambda file: file.write_bytes(file.read_bytes()[:-10]),
    "with more behind it": lambda file: file.write_bytes(file.read_bytes() + b"more"),
    "zeros": lambda file: file.write_bytes(bytes(1000)),
    "a header longer than the file": lambda file: file.write_bytes(struct.pack("<Q", 10**6) + b"{}"),
    "a header of 2^60 bytes": lambda file: file.write_bytes(struct.pack("<Q", 1 << 60) + b"{}"),
    "a header that is no JSON": lambda file: file.write_bytes(struct.pack("<Q", 8) + b"notjson!"),
    "a header that is a list": lambda file: _with_header(file, lambda header: [header]),
    "overlapping tensors": lambda file: _with_header(file, _overlapping),
    "tensors beyond the file": lambda file: _with_header(file, _beyond),
    "another shape": lambda file: _with_tensors(file, _other_shape),
    "whole numbers": lambda file: _with_tensors(file, _whole_numbers),
    "a missing tensor": lambda file: _with_tensors(file, _missing),
    "a renamed tensor": lambda file: _with_tensors(file, _renamed),
    "one tensor more": lambda file: _with_tensors(
        file, lambda all_: {**all_, "more": np.zeros(3, np.float32)}
    ),
    "a pickle": lambda file: file.write_bytes(pickle.dumps({"a": 1})),
    "text": lambda file: file.write_text("version https://git-lfs.github.com/spec/v1\n"),
    "a folder": _folder,
    "missing": lambda file: file.unlink(),
}


def _use(name: str | Path) -> None:
    model = load_model(name, "cpu", "float32")
    model.embed_texts(["a dog"])
    model.embed_clips([np.zeros((1, 40, 40, 3), np.uint8)])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("tiny"), tiny_model(query_embeddings="y_encoder"))


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("tower", ["x_encoder", "predictor", "y_encoder"])
def test_of_a_vl_jepa(tower, damage, tiny, tmp_path):
    folder = Path(copytree(tiny, tmp_path / "model"))
    DAMAGE[damage](folder / f"{tower}.safetensors")
    if (folder / f"{tower}.safetensors").is_file():  # as whoever damaged it could write the card, too
        card = json.loads((folder / "card.json").read_text())
        (folder / "card.json").write_text(json.dumps({**card, "weights_hash": weights_hash(folder)}))
    with pytest.raises(ModelError, match=f"{tower}"):
        _use(folder)


@pytest.mark.parametrize("damage", DAMAGE)
def test_of_an_open_clip_folder(damage, clip_folder, tmp_path):
    folder = Path(copytree(clip_folder, tmp_path / "model"))
    DAMAGE[damage](folder / "open_clip_model.safetensors")
    with pytest.raises(ModelError, match=str(folder)):
        _use(folder)


LENIENT = ("a missing tensor", "a renamed tensor", "one tensor more", "whole numbers")
"""What transformers takes: it leaves out, converts, and fills with random numbers, and says so on stderr."""


@pytest.mark.parametrize("damage", [name for name in DAMAGE if name not in LENIENT])
def test_of_a_sentence_transformers_folder(damage, st_clip_folder, tmp_path):
    folder = Path(copytree(st_clip_folder, tmp_path / "model"))
    DAMAGE[damage](folder / "model.safetensors")
    with pytest.raises(ModelError, match=str(folder)):
        _use(f"st:{folder}")
