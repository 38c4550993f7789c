"""Repositories of the Hugging Face hub: the local directory of one, downloaded if it is not cached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from huggingface_hub import HfApi, constants, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, HFValidationError

from vlret.errors import ModelError, UsageError
from vlret.models.weights import weight_files

CONFIG = "open_clip_config.json"
WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)

# The hub's HTTP library differs with its version; the base of its own error is the base of all of them.
HUB_ERRORS = cast("tuple[type[Exception], ...]", (OSError, *HfHubHTTPError.__bases__))
_TIMEOUT_S = 5.0
_ST_SUFFIXES = (".json", ".txt", ".jinja", ".model", ".safetensors")
_TRANSFORMERS_FILES = ("*.json", "*.txt", "*.jinja", "*.model", "*.safetensors", "README.md")


def find_weights(folder: Path) -> Path | None:
    """The weights file that open_clip takes from `folder`."""
    return next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)


def fetch_command(repository: str) -> str:
    """The command that puts weights, configuration and tokenizer of `repository` into the hub's cache."""
    return f'hf download {repository} --include "*.json" --include "{WEIGHTS[0]}"'


def is_cached(repository: str) -> bool:
    """Whether configuration and weights of `repository` are in the hub's cache."""
    return _cached(repository) is not None


def fetch(repository: str) -> Path:
    """Return the local directory of an open_clip `repository`; its name is the revision.

    Raises:
        ModelError: it is not in the cache and cannot be fetched; names the file and the command.
    """
    return _cached(repository) or _download(
        repository, _open_clip_files, f"{WEIGHTS[0]} of {repository}", fetch_command(repository)
    )


def repository_of(source: str) -> str | None:
    """Return the repository of a sentence-transformers name, by default the library's own; None for a directory.

    Raises:
        UsageError: the hub has no such names.
    """
    if source and Path(source).is_dir():
        return None
    return _checked(source if "/" in source else f"sentence-transformers/{source}", f"st:{source}")


def hf_repository_of(source: str) -> str | None:
    """Return the repository OWNER/MODEL of a transformers model; None for a directory.

    Raises:
        UsageError: it is neither.
    """
    if source and Path(source).is_dir():
        return None
    return _checked(source if "/" in source else "", f"hf:{source}")


def _checked(repository: str, given: str) -> str:
    if not is_repository(repository):
        kind = given.partition(":")[0]
        raise UsageError(
            f"{given!r} is neither a directory nor a name of the hub.",
            f"Give {kind}:OWNER/MODEL or {kind}:DIRECTORY.",
            code="unknown_model",
            given=given,
        )
    return repository


def fetch_sentence_transformer(repository: str) -> Path:
    """Return the local directory of a sentence-transformers `repository`; its name is the revision.

    Raises:
        ModelError: it is not in the cache and cannot be fetched; names the command.
    """
    for config in ("modules.json", "config.json"):
        found = try_to_load_from_cache(repository, config)
        if isinstance(found, str) and _has_weights(Path(found).parent):
            return Path(found).parent
    return _download(repository, _sentence_transformer_files, repository, f"hf download {repository}")


def is_repository(name: str) -> bool:
    """Whether `name` has the form OWNER/MODEL of the hub."""
    if name.count("/") != 1:
        return False
    try:
        try_to_load_from_cache(name, "config.json")  # looks at the name first
    except HFValidationError:
        return False
    return True


def find_file(source: str, name: str) -> Path:
    """Return the file `name` of `source`: a directory or a repository of the hub (OWNER/MODEL); or `source`, a file.

    Raises:
        UsageError: there is no such file, directory or name of a repository.
        ModelError: the file is not in the cache and cannot be fetched; names the command.
    """
    path = Path(source)
    if path.exists():
        return path if path.is_file() else _existing(path / name)
    if not is_repository(source):
        raise UsageError(
            f"{source!r} is neither a file, a directory nor a name of the hub.",
            f"Give {name}, a directory with it, or OWNER/MODEL.",
            code="file_missing",
            path=path,
        )
    found = try_to_load_from_cache(source, name)
    if isinstance(found, str):
        return Path(found)
    command = f"hf download {source} {name}"
    return _download(source, lambda _: [name], f"{name} of {source}", command) / name


def fetch_transformers(repository: str) -> Path:
    """Return the local directory of a transformers `repository`; its name is the revision.

    Raises:
        ModelError: it is not in the cache and cannot be fetched, or has no safetensors; names the command.
    """
    found = try_to_load_from_cache(repository, "config.json")
    if isinstance(found, str) and _has_safetensors(Path(found).parent):
        return Path(found).parent
    patterns = " ".join(f'--include "{pattern}"' for pattern in _TRANSFORMERS_FILES)
    return _download(repository, _transformers_files, repository, f"hf download {repository} {patterns}")


@contextmanager
def offline() -> Iterator[None]:
    """No library connects to the hub while the block runs, whatever names a model directory holds."""
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _download(repository: str, choose: Callable[[Set[str]], list[str]], what: str, command: str) -> Path:
    """Return the directory with the files that `choose` selects from those of the repository."""
    if constants.HF_HUB_OFFLINE:
        raise _missing(what, "HF_HUB_OFFLINE is set", command)
    try:
        # Asked first because it fails at once where a download would retry for half a minute.
        files = {file.rfilename for file in HfApi().model_info(repository, timeout=_TIMEOUT_S).siblings or ()}
        return Path(snapshot_download(repository, allow_patterns=choose(files)))
    except HUB_ERRORS as error:
        reason = str(error).strip().partition("\n")[0]
        raise _missing(what, f"it could not be downloaded ({reason})", command) from error


def _open_clip_files(files: Set[str]) -> list[str]:
    return ["*.json", "tokenizer.model", next((name for name in WEIGHTS if name in files), WEIGHTS[0])]


def _sentence_transformer_files(files: Set[str]) -> list[str]:
    """Settings, tokenizers and weights for PyTorch: safetensors, pickles only where a directory has none."""
    safe = {file.rpartition("/")[0] for file in files if file.endswith(".safetensors")}
    pytorch = [file for file in files if not file.startswith(("onnx/", "openvino/"))]
    pickles = [file for file in pytorch if file.endswith(".bin") and file.rpartition("/")[0] not in safe]
    return [*(file for file in pytorch if file.endswith(_ST_SUFFIXES)), *pickles]


def _transformers_files(files: Set[str]) -> list[str]:
    """All that is needed, or an error where the weights are pickles."""
    if not any(file.endswith(".safetensors") for file in files):
        raise ModelError(
            "The repository has no safetensors: vlret reads no pickles of transformers models.",
            "Look for a pull request in it that adds them: hf download OWNER/MODEL --revision refs/pr/N "
            "--local-dir DIRECTORY, and give hf:DIRECTORY.",
            code="no_safetensors",
        )
    return list(_TRANSFORMERS_FILES)


def _has_safetensors(folder: Path) -> bool:
    """Whether all shards are there: a download may have been stopped between two of them."""
    try:
        return all(file.is_file() for file in weight_files(folder))
    except ModelError:
        return False


def _has_weights(folder: Path) -> bool:
    return any(file.suffix in (".safetensors", ".bin") for file in folder.rglob("*"))


def _cached(repository: str) -> Path | None:
    config = try_to_load_from_cache(repository, CONFIG)
    folder = Path(config).parent if isinstance(config, str) else None
    return folder if folder and find_weights(folder) else None


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise UsageError(
            f"{file} does not exist.", f"Give a directory with {file.name}.", code="file_missing", path=file
        )
    return file


def _missing(what: str, reason: str, command: str) -> ModelError:
    return ModelError(
        f"{what} is not on this machine and {reason}.",
        f"On a machine with a network, run: {command} "
        "(with --local-dir DIRECTORY you get a directory to copy over and to give in place of the name).",
        code="model_not_downloaded",
        given=what,
        command=command,
    )
