"""Weight files: their headers and their hash."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError, safe_open

from vlret.errors import ModelError
from vlret.models.folder import AGAIN, is_plain_file, read_object
from vlret.text import printable

_WEIGHTS = "model.safetensors"
_INDEX = "model.safetensors.index.json"
FLOATS = ("F16", "BF16", "F32", "F64")
_LONGEST_HEADER = 1 << 24
"""Bytes; a model of 10,000 tensors has one of about 1 MB."""


class Tensor(NamedTuple):
    """What a header says of a tensor: its type, such as F16, and its shape."""

    dtype: str
    shape: tuple[int, ...]


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model of transformers, in order.

    Raises:
        ModelError: there are none.
    """
    if (folder / _WEIGHTS).is_file():
        return [folder / _WEIGHTS]
    if (folder / _INDEX).is_file():
        shards = read_object(folder / _INDEX).get("weight_map")
        names = set(shards.values()) if isinstance(shards, dict) else set()
        if names and all(map(is_plain_file, names)):
            return [folder / name for name in sorted(names)]
    raise ModelError(
        f"{printable(folder)} holds no {_WEIGHTS}: vlret reads no pickles of transformers models.",
        "Use a revision of the repository that has one (hf download OWNER/MODEL --revision refs/pr/N --local-dir "
        "DIRECTORY), or save the model anew with save_pretrained of transformers.",
        code="no_safetensors",
        path=folder,
    )


def read_header(file: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name; none of them is read.

    Raises:
        ModelError: the file does not exist, is not in this format or is damaged.
    """
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
        if length > _LONGEST_HEADER:
            raise ModelError(
                f"{file} is not a safetensors file: a header of {length} bytes is longer than any.",
                AGAIN,
                code="unreadable_weights",
                path=file,
            )
        with safe_open(file, "numpy") as tensors:
            parts = {name: tensors.get_slice(name) for name in tensors.keys()}  # noqa: SIM118 - not a dict
            return {
                name: Tensor(str(part.get_dtype()), tuple(part.get_shape())) for name, part in parts.items()
            }
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"{file} cannot be read as a safetensors file ({printable(error)}).",
            AGAIN,
            code="unreadable_weights",
            path=file,
        ) from error


def require_tensor(file: Path, name: str, found: Tensor, shape: Sequence[int], dtypes: Sequence[str]) -> None:
    """Refuse a tensor of another shape or type than the model's.

    Raises:
        ModelError: it is one.
    """
    if found.shape != tuple(shape) or found.dtype not in dtypes:
        raise ModelError(
            f"The weights {name} in {file} are {found.dtype} {list(found.shape)}, "
            f"not {' or '.join(dtypes)} {list(shape)} as config.json says.",
            "Use the config.json and the weights of one and the same model.",
            code="weights_mismatch",
            path=file,
        )


def check_pickle(file: Path) -> None:
    """Refuse a pickle that unpacks to more than it weighs, or in a form older than PyTorch 1.6.

    Raises:
        ModelError: it is one, or cannot be read.
    """
    try:
        with zipfile.ZipFile(file) as packed:
            compressed = any(part.compress_type != zipfile.ZIP_STORED for part in packed.infolist())
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"The weights {file} are not in PyTorch's zip format ({printable(error)}).",
            "Save them as safetensors.",
            code="unreadable_weights",
            path=file,
        ) from error
    if compressed:
        raise ModelError(
            f"The weights {file} are compressed.",
            "Save them as safetensors.",
            code="unsafe_model",
            path=file,
        )


def sha256(files: Iterable[Path]) -> str:
    """SHA-256 of the files one after the other; of one file, its own.

    Raises:
        ModelError: one cannot be read.
    """
    digest = hashlib.sha256()
    for path in files:
        try:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise ModelError(
                f"{path} cannot be read ({error.strerror}).", AGAIN, code="unreadable_weights", path=path
            ) from error
    return digest.hexdigest()
