"""An embedder of the user's own: `module:Class`."""

from __future__ import annotations

import importlib
import sys

from vlret.errors import ModelError
from vlret.models.base import Embedder


def make(name: str) -> Embedder:
    """An object of `module:Class`, whose module is looked for in the current folder, too.

    This runs the user's own code: `name` must come from the user, never from a file.

    Raises:
        ModelError: the class cannot be imported or made without arguments, or is no `Embedder`.
    """
    module, _, attribute = name.partition(":")
    sys.path.insert(0, "")
    try:
        made = getattr(importlib.import_module(module), attribute)()
    except Exception as error:
        raise ModelError(
            f"{name} cannot be made ({type(error).__name__}: {error}).",
            "Give module:Class, a class without arguments.",
        ) from error
    finally:
        sys.path.remove("")
    if not isinstance(made, Embedder):
        raise ModelError(f"{name} is no vlret.models.base.Embedder.", "Let the class inherit from it.")
    return made
