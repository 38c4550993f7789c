"""A model directory is untrusted: what in it would run code or leads out of it is refused before it is opened.

The libraries that read such directories take names of code, files and repositories from its settings. vlret never
allows them to run code (`trust_remote_code`); a directory that asks for it is refused with the reason.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from vlret.errors import ModelError, VlretError
from vlret.text import printable

AGAIN = "Copy the model directory again."

_MOST_ENTRIES = 10_000
_SETTINGS_BYTES = 1 << 23
_TOKENIZER_BYTES = 1 << 26
_TEXTS = (".json", ".txt", ".jinja", ".model", ".md", ".yaml")
_VOCABULARIES = ("tokenizer.json", "query_tokenizer.json", "vocab.json", "added_tokens.json")
_LARGEST = 1 << 24
"""What a whole number of a configuration may be: more than any layer, width or vocabulary counts."""
_LONGEST_SIDE = 4096
_MOST_LAYERS = 1000
_LAYERS = re.compile(r"(layers?|depths?|blocks)$")
_OF_TRAINING = "data_config.json"  # of sentence-transformers: its datasets and their lengths, read by nobody
_UNBOUNDED = re.compile(r"theta|_pixels|_edge|total_|num_param|seed")

_CODE = {
    "auto_map", "trust_remote_code", "custom_generate", "custom_pipelines", "code_revision", "kernel_config",
    "use_kernels",
}  # fmt: skip
_ELSEWHERE = {
    "adapter_kwargs", "base_model_name_or_path", "bpe_path", "cache_dir", "checkpoint_path", "configuration_files",
    "fast_tokenizer_files", "gguf_file", "init_inputs", "mecab_kwargs", "offload_folder", "processor_name",
    "sudachi_kwargs", "tokenizer_name_or_path", "transformers_weights", "use_pretrained_backbone",
}  # fmt: skip
_UNSAFE = {"quantization_config", "weights_only", "use_safetensors", "device_map"}
_ATTENTION = {"attn_implementation", "_attn_implementation", "_attn_implementation_internal",
              "experts_implementation", "_experts_implementation"}  # fmt: skip
_WHAT_IT_HOLDS = (
    "A model directory holds settings, a tokenizer and weights, and nothing else: see docs/models.md."
)
_PLAIN = re.compile(r"[\w.\-]+")
"""The name of an architecture, without a prefix such as `hf-hub:` or a directory."""


def check_folder(folder: Path) -> None:
    """Refuse a model directory that would run code, leads out of itself or is of absurd size.

    Raises:
        ModelError: it is one; the message names the file and the reason.
    """
    homes = _homes(folder)
    for n_entries, path in enumerate(_entries(folder)):
        if n_entries >= _MOST_ENTRIES:
            _refuse(folder, f"holds more than {_MOST_ENTRIES} files")
        _check_entry(path, homes)
        if path.suffix.lower() == ".json" and path.name not in _VOCABULARIES and path.is_file():
            _check_settings(path, read_json(path))


def read_json(file: Path) -> Any:
    """The content of a JSON file of settings, at most 8 MB.

    Raises:
        ModelError: it is missing, too large or not JSON.
    """
    if not file.is_file():
        raise ModelError(f"{printable(file)} does not exist.", AGAIN, code="file_missing", path=file)
    if file.stat().st_size > _SETTINGS_BYTES:
        _refuse(file, f"is larger than {_SETTINGS_BYTES >> 20} MB")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{printable(file)} is not JSON ({printable(error)}).", AGAIN, code="damaged_config", path=file
        ) from error


def read_object(file: Path) -> dict[str, Any]:
    """The JSON object in a file of settings.

    Raises:
        ModelError: as `read_json`, or it holds something else.
    """
    values = read_json(file)
    if not isinstance(values, dict):
        raise ModelError(f"{printable(file)} holds no JSON object.", AGAIN, code="damaged_config", path=file)
    return values


@contextmanager
def as_model_error(what: str, hint: str = AGAIN) -> Iterator[None]:
    """Turn any error of a library over a damaged or hostile model into one `ModelError`: "`what`: reason"."""
    try:
        yield
    except VlretError:
        raise
    except Exception as error:  # whoever made the directory decides what goes wrong in a library
        reason = re.split(r"\n|\. ", str(error).strip())[0].rstrip(".:")  # its first sentence
        kind = type(error).__name__
        reason = kind if not reason else f"{kind} {reason}" if isinstance(error, KeyError) else reason
        raise ModelError(f"{what}: {printable(reason)}.", hint, code="unusable_model") from error


def _homes(folder: Path) -> tuple[Path, ...]:
    """What links may lead into: the directory, and of a snapshot in the hub's cache the `blobs` of its repository."""
    real = Path(os.path.realpath(folder))
    repository = real.parent.parent
    is_snapshot = real.parent.name == "snapshots" and repository.name.startswith("models--")
    return (real, repository / "blobs") if is_snapshot else (real,)


def _entries(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))


def _check_entry(path: Path, homes: tuple[Path, ...]) -> None:
    real = Path(os.path.realpath(path))
    if not any(real.is_relative_to(home) for home in homes):
        _refuse(path, "is a link that leads out of the model directory", "Copy the file in its place.")
    if not real.is_file() and not real.is_dir():
        _refuse(path, "is neither a file nor a directory")
    if path.name.lower() == "adapter_config.json":
        _refuse(path, "names a model that lies elsewhere", "Merge the adapter into its model.")
    if path.suffix.lower() in _TEXTS and real.stat().st_size > _TOKENIZER_BYTES:
        _refuse(path, f"is larger than {_TOKENIZER_BYTES >> 20} MB")


def _check_settings(file: Path, values: Any, depth: int = 0) -> None:
    if depth > 50:
        _refuse(file, "is nested too deeply")
    if isinstance(values, list):
        for value in values:
            _check_settings(file, value, depth + 1)
    if not isinstance(values, dict):
        return
    for key, value in values.items():
        _check_field(file, key, value)
        _check_settings(file, value, depth + 1)
    if file.name.endswith("config.json"):
        _check_architecture(file, values)
    if file.name.endswith("processor_config.json"):
        _check_picture_size(file, values)


def _check_field(file: Path, key: str, value: Any) -> None:
    if key in _CODE and value:
        _refuse(file, f"asks for code of its own ({key}), which vlret never runs")
    if key in _ELSEWHERE and value:
        _refuse(file, f"takes a file from elsewhere ({key}: {_short(value)})")
    if key in _UNSAFE and value is not None:
        _refuse(file, f"sets {key}, which vlret does not allow")
    if key in _ATTENTION and value not in (None, "eager", "sdpa"):
        _refuse(file, f"asks for an attention of its own ({key}: {_short(value)}), which vlret never loads")
    if key.endswith("_file") and key != "special_tokens_map_file" and not is_plain_file(value or "-"):
        _refuse(file, f"takes a file from elsewhere ({key}: {_short(value)})")
    if key == "weight_map":
        _check_shards(file, value)
    is_architecture = file.name.endswith("config.json") and file.name != _OF_TRAINING
    if is_architecture and _is_too_large(key, value) and not _UNBOUNDED.search(key):
        _refuse(file, f"holds a number beyond every model ({key}: {_short(value)})")


def _check_shards(file: Path, shards: Any) -> None:
    names = shards.values() if isinstance(shards, Mapping) else [shards]
    away = next((name for name in names if not is_plain_file(name)), None)
    if away is not None:
        _refuse(file, f"names weights that are not beside it ({_short(away)})")


def _check_architecture(file: Path, values: dict[str, Any]) -> None:
    """timm takes repositories and directories for names, and arguments that open files."""
    for key in ("timm_model_name", "architecture", "backbone"):
        name = values.get(key)
        if name is not None and not (isinstance(name, str) and _PLAIN.fullmatch(name)):
            _refuse(file, f"names an architecture that lies elsewhere ({key}: {_short(name)})")
    arguments = values.get("model_args") if "architecture" in values else None
    if arguments and not (isinstance(arguments, dict) and all(map(_is_plain, arguments.values()))):
        _refuse(file, "gives arguments that are neither numbers nor plain words (model_args)")


def _check_picture_size(file: Path, values: dict[str, Any]) -> None:
    """Pixels on a side; `shortest_edge` beside `longest_edge` counts the pixels of a whole picture."""
    keys = ["height", "width", "size", "crop_size", *([] if "longest_edge" in values else ["shortest_edge"])]
    for key in keys:
        if isinstance(values.get(key), (int, float)) and not 0 < values[key] <= _LONGEST_SIDE:
            _refuse(file, f"makes pictures larger than {_LONGEST_SIDE} pixels ({key}: {_short(values[key])})")


def is_plain_file(name: Any) -> bool:
    """Whether `name` is that of a file right beside the one that names it."""
    return isinstance(name, str) and name not in ("", ".", "..") and not re.search(r"[/\\:\0]", name)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float)) or bool(_PLAIN.fullmatch(str(value)))


def _is_too_large(key: str, value: Any) -> bool:
    if key == "model_max_length":  # "no bound" is written as 10^30
        return False
    values = value if isinstance(value, list) else [value]
    largest = _MOST_LAYERS if _LAYERS.search(key) else _LARGEST
    return any(isinstance(one, int) and abs(one) > largest for one in values)


def _short(value: Any) -> str:
    shown = printable(repr(value))
    return shown if len(shown) <= 60 else f"{shown[:60]}..."


def _refuse(path: Path, reason: str, hint: str = _WHAT_IT_HOLDS) -> NoReturn:
    raise ModelError(f"{printable(path)} {reason}.", hint, code="unsafe_model", path=path)
