"""Folders of annotation files: the real ones, and small ones that a test writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vlret.datasets.registry import overview

Put = Callable[[str, Any], Path]


@pytest.fixture(scope="session")
def annotations(data_dir: Path) -> Path:
    return data_dir / "annotations"


@pytest.fixture(scope="session")
def real_overview(annotations: Path) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in overview(annotations)}


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """`put("coin/COIN.json", value)` writes text and bytes as they are, a list of dicts in .jsonl by line."""

    def write(name: str, content: Any) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        elif isinstance(content, str):
            file.write_text(content, encoding="utf-8")
        elif file.suffix == ".jsonl":
            file.write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf-8")
        else:
            file.write_text(json.dumps(content), encoding="utf-8")
        return file

    return write
