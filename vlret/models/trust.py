"""Which models may be loaded because a file, such as the manifest of an index, names them."""

from __future__ import annotations

import os
from pathlib import Path

from vlret.models.registry import MODELS, OPEN_CLIP, library_of

VARIABLE = "VLRET_TRUSTED_MODELS"
"""Directories whose models are loaded although only a file names them, separated like PATH."""


def is_trusted(name: str) -> bool:
    """Whether a model may be loaded although the user has not named it on this call.

    That is a built-in name; an `open_clip:ARCH/TAG` of open_clip's own table whose weights the user has
    fetched before; or a directory (`st:DIRECTORY` and `hf:DIRECTORY`, too) below one of `VLRET_TRUSTED_MODELS`.
    """
    if name in MODELS:
        return True
    if name.startswith(OPEN_CLIP):
        return _is_fetched(name.removeprefix(OPEN_CLIP))
    return _lies_below(name.removeprefix(library_of(name)))


def _is_fetched(source: str) -> bool:
    from vlret.errors import UsageError
    from vlret.models.hub import is_cached
    from vlret.models.open_clip import find_tag

    try:
        return is_cached(find_tag(source)["hf_hub"].rstrip("/"))
    except UsageError:
        return False


def _lies_below(folder: str) -> bool:
    if not os.path.isabs(folder) or "\0" in folder:
        return False
    directories = [one for one in os.environ.get(VARIABLE, "").split(os.pathsep) if one]
    real = Path(os.path.realpath(folder))
    return any(real.is_relative_to(os.path.realpath(one)) for one in directories)
