"""What a directory of a dual encoder holds: configuration, safetensors, and a model card that may name a licence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from safetensors import safe_open

from vlret.errors import ModelError, UsageError
from vlret.models.folder import as_model_error, check_folder, read_object
from vlret.models.hf.families import FAMILIES
from vlret.models.hf.family import Family, ImageFamily, VideoFamily
from vlret.models.weights import read_header, sha256
from vlret.text import printable

_SETTINGS = (
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer_config.json",
    "video_preprocessor_config.json",
)
_NO_SCALE = 0.01
"""The temperature of a model whose weights contain none: CLIP's."""
_LICENCE = re.compile(r"^license:[ \t]*['\"]?([\w.+-]+)", re.MULTILINE)
_CARD_CHARACTERS = 1 << 16


def family_of(folder: Path) -> ImageFamily | VideoFamily:
    """The family of the model in a directory, which is checked first.

    Raises:
        ModelError: the directory is damaged or hostile.
        UsageError: it holds another kind of model.
    """
    check_folder(folder)
    kind = read_object(folder / "config.json").get("model_type")
    if kind not in FAMILIES:
        raise UsageError(
            f"{printable(folder)} holds a model of type {printable(kind)}, which is no dual encoder that vlret knows.",
            f"Known are {', '.join(FAMILIES)}. Models of sentence-transformers are given as st:OWNER/MODEL.",
            code="not_a_dual_encoder",
            path=folder,
            given=str(kind),
            allowed=list(FAMILIES),
        )
    return FAMILIES[kind]


def settings_hash(folder: Path) -> str:
    """A short hash of the settings that change embeddings and are not part of the weights."""
    return sha256([folder / name for name in _SETTINGS if (folder / name).is_file()])[:16]


def licence_in(folder: Path) -> str:
    """The licence that the model card (README.md) names at its top, "" if there is none."""
    file = folder / "README.md"
    if not file.is_file():
        return ""
    with file.open(encoding="utf-8", errors="replace") as opened:
        head = opened.read(_CARD_CHARACTERS)
    top, end, _ = head.partition("\n---")
    found = _LICENCE.search(top) if end and head.startswith("---") else None
    return found[1] if found else ""


def temperature_in(files: list[Path], family: Family) -> float:
    """What cosines are divided by, from the weight that scales them.

    Raises:
        ModelError: there is no such weight, or it is no number.
    """
    name, temperature = family.scale
    if not name:
        return _NO_SCALE
    for file in files:
        found = next((key for key in read_header(file) if key.rpartition(".")[2] == name), None)
        if found:
            with as_model_error(f"The weight {found} of {file} is no scale"):
                return temperature(_number(file, found))
    raise ModelError(
        f"The weights in {printable(files[0].parent)} hold no {name}.",
        "Use the complete weights of both towers.",
        code="weights_mismatch",
        path=files[0],
    )


def _number(file: Path, name: str) -> float:
    with safe_open(file, "pt") as tensors:
        value: Any = tensors.get_tensor(name)
    return float(value.float().item())
