"""A custom model: an `Embedder` class of the user, given as `module:Class`."""

from __future__ import annotations

import importlib
import sys

from vlret.errors import ModelError
from vlret.models.base import Embedder


def load_custom(name: str) -> Embedder:
    """Return an object of `module:Class`; the current directory is searched for the module, too.

    This runs the user's own code: `name` must come from the user, never from a file.

    Raises:
        ModelError: the class cannot be imported or instantiated without arguments, or is no `Embedder`.
    """
    module, _, attribute = name.partition(":")
    sys.path.insert(0, "")
    try:
        model = getattr(importlib.import_module(module), attribute)()
    except Exception as error:
        raise ModelError(
            f"{name} cannot be loaded ({type(error).__name__}: {error}).",
            "Give module:Class, a class whose constructor needs no arguments.",
            code="custom_class_failed",
            given=name,
        ) from error
    finally:
        sys.path.remove("")
    if not isinstance(model, Embedder):
        raise ModelError(
            f"{name} is not a subclass of vlret.models.base.Embedder.",
            "Let the class inherit from it.",
            code="not_an_embedder",
            given=name,
        )
    return model
