"""Digests of vlret's own source files: its version alone does not change between two commits."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from types import ModuleType

import vlret

OF_VECTORS = (
    "media", "models", "types.py", "evaluation/embeddings", "index/fingerprint.py",
)  # fmt: skip
"""Files and folders that decide which vector a medium or text has."""

OF_NUMBERS = (
    "media", "models", "types.py", "tables.py", "text_file.py", "index", "tasks", "datasets", "evaluation",
)  # fmt: skip
"""Those that decide which number a benchmark has."""


@cache
def code_digest(parts: tuple[str, ...], package: ModuleType = vlret) -> str:
    """SHA-256 (hex) over names and contents of the Python files in `parts` of a package."""
    root, digest = Path(str(package.__file__)).parent, hashlib.sha256()
    files = [
        file
        for part in parts
        for file in ([root / part] if part.endswith(".py") else (root / part).rglob("*.py"))
    ]
    for file in sorted(files):
        digest.update(f"{file.relative_to(root).as_posix()}\n".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
