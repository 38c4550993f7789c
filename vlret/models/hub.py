"""open_clip repositories of the Hugging Face hub: the local folder of one, fetched when it is not there."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from huggingface_hub import HfApi, constants, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError

from vlret.errors import ModelError

CONFIG = "open_clip_config.json"
WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)

# The hub's HTTP library differs with its version; the base of its own error is the base of all of them.
_HUB_ERRORS = cast("tuple[type[Exception], ...]", (OSError, *HfHubHTTPError.__bases__))
_TIMEOUT_S = 5.0


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
    """The local folder of `repository`; its name is the revision.

    Raises:
        ModelError: it is not in the cache and cannot be fetched; names the file and the command.
    """
    folder = _cached(repository)
    if folder is not None:
        return folder
    if constants.HF_HUB_OFFLINE:
        raise _missing(repository, "HF_HUB_OFFLINE is set")
    try:
        # Asked first because it fails at once where a download would retry for half a minute.
        files = {file.rfilename for file in HfApi().model_info(repository, timeout=_TIMEOUT_S).siblings or ()}
        weights = next((name for name in WEIGHTS if name in files), WEIGHTS[0])
        return Path(snapshot_download(repository, allow_patterns=["*.json", "tokenizer.model", weights]))
    except _HUB_ERRORS as error:
        reason = str(error).strip().partition("\n")[0]
        raise _missing(repository, f"the hub did not give it ({reason})") from error


def _cached(repository: str) -> Path | None:
    config = try_to_load_from_cache(repository, CONFIG)
    folder = Path(config).parent if isinstance(config, str) else None
    return folder if folder and find_weights(folder) else None


def _missing(repository: str, reason: str) -> ModelError:
    return ModelError(
        f"{WEIGHTS[0]} of {repository} is not on this machine and {reason}.",
        f"Where there is a network, run: {fetch_command(repository)} "
        "(with --local-dir FOLDER you get a folder to carry over and to give as the model).",
    )
