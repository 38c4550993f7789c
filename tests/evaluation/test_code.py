"""The digest of our source files changes with what they hold, and sees all that decides a vector."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import vlret
from vlret.evaluation.code import OF_NUMBERS, OF_VECTORS, code_digest


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of vlret's source files that the digest reads, without what it remembers."""
    folder = shutil.copytree(
        Path(vlret.__file__).parent,
        tmp_path / "vlret",
        ignore=shutil.ignore_patterns("assets", "__pycache__"),
    )
    monkeypatch.setattr(vlret, "__file__", str(folder / "__init__.py"))
    code_digest.cache_clear()
    yield folder
    code_digest.cache_clear()


def digest(parts):
    code_digest.cache_clear()
    return code_digest(parts)


@pytest.mark.parametrize(
    ("file", "of_vectors", "of_numbers"),
    [
        ("media/image.py", True, True),
        ("models/vljepa/modeling.py", True, True),
        ("evaluation/vectors.py", True, True),
        ("evaluation/metrics.py", False, True),
        ("datasets/pope.py", False, True),
        ("cli/app.py", False, False),
    ],
)
def test_a_changed_file_changes_it(copied, file, of_vectors, of_numbers):
    before = digest(OF_VECTORS), digest(OF_NUMBERS)
    (copied / file).write_text((copied / file).read_text() + "\n# changed\n")
    after = digest(OF_VECTORS), digest(OF_NUMBERS)
    assert (before[0] != after[0], before[1] != after[1]) == (of_vectors, of_numbers)


def test_it_does_not_depend_on_the_place(copied):
    there = digest(OF_NUMBERS)
    shutil.move(copied, copied.parent / "moved")
    vlret.__file__ = str(copied.parent / "moved" / "__init__.py")
    assert digest(OF_NUMBERS) == there


@pytest.mark.parametrize("part", [*OF_VECTORS, *OF_NUMBERS])
def test_every_part_is_there(part):
    assert digest((part,)) != digest(())
