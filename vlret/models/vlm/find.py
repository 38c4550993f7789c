"""Where a vision-language model lies: a directory, or a repository of the hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from vlret.errors import ModelError, UsageError
from vlret.models.folder import AGAIN, check_folder, read_object
from vlret.models.weights import weight_files
from vlret.text import printable


@dataclass(frozen=True, slots=True)
class VlmFolder:
    """The directory of a model, and what identifies it."""

    path: Path
    name: str
    revision: str
    licence: str

    @property
    def weights(self) -> list[Path]:
        """The weight files, in order. Raises ModelError: there are none."""
        return weight_files(self.path)


def check_vlm_name(source: str) -> None:
    """Refuse what is neither a directory nor a name of the hub, without loading anything.

    Raises:
        UsageError: "unknown_vlm".
    """
    from vlret.models.hub import is_repository

    if not source or not (Path(source).is_dir() or is_repository(source)):
        raise UsageError(
            f"{printable(source)!r} is neither a directory nor a name of the hub.",
            "Give OWNER/MODEL or the directory of an image-text-to-text model of transformers.",
            code="unknown_vlm",
            given=source,
        )


def find_vlm(source: str) -> VlmFolder:
    """The directory of a model, downloaded if the hub's cache does not hold it; everything in it is checked.

    Raises:
        UsageError: "unknown_vlm".
        ModelError: it cannot be fetched, would run code, or is no image-text-to-text model with safetensors.
    """
    from vlret.models.hub import fetch_transformers

    check_vlm_name(source)
    path = Path(source)
    if path.is_dir():
        found = VlmFolder(path, path.resolve().name, "local", "see the folder")
    else:
        path = fetch_transformers(source)
        found = VlmFolder(path, source, path.name, f"see https://huggingface.co/{source}")
    check_folder(path)
    _check_kind(found)
    _ = found.weights  # refused before anything is loaded
    return found


def _check_kind(found: VlmFolder) -> None:
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KNOWN

    kind = read_object(found.path / "config.json").get("model_type")
    if kind not in KNOWN:
        _refuse(found, str(kind))


def _refuse(found: VlmFolder, kind: str) -> NoReturn:
    raise ModelError(
        f"{printable(found.path)} holds a model of type {printable(kind)!r}, which does not turn images and "
        "text into text.",
        f"Use a model of transformers' AutoModelForImageTextToText, such as SmolVLM or Qwen2.5-VL. {AGAIN}",
        code="not_a_vlm",
        path=found.path,
        given=kind,
    )
