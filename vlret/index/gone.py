"""Whether a file of an index exists."""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Mapping
from pathlib import Path

from vlret.remote_path import RemotePath, path_of


def is_gone(path: str | Path) -> bool:
    """Whether no such file exists; one that cannot be accessed (dead mount, no permission) may exist.

    Nobody is asked about an address, which may exist.
    """
    if isinstance(path_of(path), RemotePath):
        return False
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def is_gone_from(path: Path, listed: Mapping[RemotePath, Container[RemotePath]]) -> bool:
    """Whether no such file exists; an object is gone if its directory was `listed` without it."""
    if isinstance(path, RemotePath):
        return any(path.is_relative_to(folder) and path not in there for folder, there in listed.items())
    return is_gone(path)
