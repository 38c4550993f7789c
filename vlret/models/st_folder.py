"""What a sentence-transformers directory may hold: modules of the library, and no arguments for its loaders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from vlret.errors import ModelError
from vlret.models.folder import check_folder, is_plain_file, read_json, read_object
from vlret.models.weights import check_pickle
from vlret.text import printable

_CLASSES = (
    "Transformer",
    "CLIPModel",
    "Pooling",
    "Dense",
    "LayerNorm",
    "Normalize",
    "Dropout",
    "StaticEmbedding",
)
_MOST_MODULES = 20
_TRANSFORMER_FIELDS = {
    "max_seq_length", "do_lower_case", "transformer_task", "modality_config", "module_output_name",
    "processing_kwargs", "unpad_inputs", "query_length", "document_length", "query_expansion",
}  # fmt: skip
_METHOD = re.compile(r"forward|get_[a-z]+_features")
_ACTIVATION = re.compile(r"torch\.nn\.modules\.(activation|linear)\.\w+")
_SAFE = ("model.safetensors", "model.safetensors.index.json")


def check_st_folder(folder: Path) -> None:
    """Refuse a directory whose modules are not the library's, or whose settings reach beyond the model.

    Raises:
        ModelError: it is one; the message names the file and the reason.
    """
    check_folder(folder)
    for path, kind in _modules(folder):
        for file in path.glob("sentence_*_config.json"):
            _check_transformer(file, read_object(file))
        if kind == "Dense" and (path / "config.json").is_file():
            _check_dense(path / "config.json")
    for file in weight_files(folder):
        if file.suffix == ".bin":
            check_pickle(file)


def weight_files(folder: Path) -> list[Path]:
    """The files that the library may read weights from, in order: safetensors, pickles where it finds none."""
    return [file for file in _files(folder) if _is_weights(file)]


def files_of(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """The files of these names, in order."""
    return [file for file in _files(folder) if file.name in names]


def _files(folder: Path) -> list[Path]:
    """The files in the root and in the directories of the modules, in order: a hash of them depends on it."""
    below = [file for path, _ in _modules(folder) if path != folder for file in path.rglob("*")]
    return sorted({*folder.glob("*"), *below})


def _modules(folder: Path) -> Iterator[tuple[Path, str]]:
    """Directory and class of each module; one without modules.json is one Transformer."""
    yield folder, "Transformer"
    file = folder / "modules.json"
    listed = read_json(file) if file.is_file() else []
    if not isinstance(listed, list) or len(listed) > _MOST_MODULES:
        _refuse(file, f"is no list of at most {_MOST_MODULES} modules")
    for module in listed:
        yield _module(folder, file, module)


def _module(folder: Path, file: Path, module: Any) -> tuple[Path, str]:
    if not isinstance(module, dict):
        _refuse(file, "holds a module that is no object")
    path, kind = module.get("path", ""), module.get("type")
    if path != "" and not is_plain_file(path):
        _refuse(file, f"has a module that does not lie in the directory (path {printable(repr(path))})")
    package, _, name = str(kind).rpartition(".")
    if not package.startswith("sentence_transformers.") or name not in _CLASSES:
        _refuse(
            file,
            f"asks for the class {printable(repr(kind))}; vlret runs {', '.join(_CLASSES)} of the library",
        )
    return folder / path, name


def _check_transformer(file: Path, values: dict[str, Any]) -> None:
    """What is not known here would go to `from_pretrained`, which opens other files for some arguments."""
    unknown = [key for key, value in values.items() if key not in _TRANSFORMER_FIELDS and value]
    if unknown:
        _refuse(file, f"sets {printable(', '.join(unknown))}, which vlret does not pass on")
    for settings in (values.get("modality_config") or {}).values():
        method = settings.get("method") if isinstance(settings, dict) else settings
        if not _METHOD.fullmatch(str(method)):
            _refuse(file, f"calls the method {printable(repr(method))}")


def _check_dense(file: Path) -> None:
    activation = read_object(file).get("activation_function")
    if activation is not None and not _ACTIVATION.fullmatch(str(activation)):
        _refuse(file, f"asks for the class {printable(repr(activation))}")


def _is_weights(file: Path) -> bool:
    safe = any((file.parent / name).is_file() for name in _SAFE)
    return file.suffix == ".safetensors" or (file.suffix == ".bin" and not safe)


def _refuse(file: Path, reason: str) -> NoReturn:
    raise ModelError(
        f"{printable(file)} {reason}.",
        "Use a model that consists of the library's own modules.",
        code="unsafe_model",
        path=file,
    )
