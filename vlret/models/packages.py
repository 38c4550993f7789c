"""A package that transformers wants for one model, and that is not installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from vlret.errors import MissingExtraError
from vlret.text import printable

_PIP = re.compile(r"pip install (?:-U )?[`']?([\w.-]+)")
_LIBRARY = re.compile(r"requires the (\w+) library")


@contextmanager
def require_packages(what: str) -> Iterator[None]:
    """Name the package that `what`, such as "The processor of my-model", needs; transformers raises `ImportError`.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        yield
    except ImportError as error:
        found = _PIP.search(str(error)) or _LIBRARY.search(str(error))
        package = found.group(1).lower() if found else error.name or "the package that it names"
        reason = printable(" ".join(str(error).split()))[:200]
        raise MissingExtraError(
            f"{what} needs a package that is not installed ({reason}).", f"Run: pip install {package}",
            code="missing_package", package=package,
        ) from error  # fmt: skip
