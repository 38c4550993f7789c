"""The digest of our source files changes with what they hold, and sees all that decides a vector."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from types import ModuleType

import pytest

import vlret
from vlret.evaluation.embeddings.code import OF_NUMBERS, OF_VECTORS, code_digest


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
        ("evaluation/embeddings/model_embeddings.py", True, True),
        ("evaluation/metrics/ranks.py", False, True),
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


DECIDE_NO_VECTOR = {
    "vlret",  # its version stands in the cache's recipe itself
    "vlret.errors", "vlret.datasets.base",
    "vlret.files", "vlret.text", "vlret.threads",
    "vlret.tables", "vlret.text_file",  # they decide which files are looked at
    "vlret.evaluation.embeddings.cache", "vlret.evaluation.embeddings.code", "vlret.evaluation.embeddings.durations",
    "vlret.evaluation.results.protocol",  # what decides of it stands in the recipe and the keys
}  # fmt: skip


def test_all_that_these_files_import_is_among_them():
    root = Path(vlret.__file__).parent
    files = {
        file
        for part in OF_VECTORS
        for file in (root.glob(part) if part.endswith(".py") else (root / part).rglob("*.py"))
    }
    modules = {name_of(file, root) for file in files}
    assert {"vlret.evaluation.embeddings.embed_media", "vlret.models.vljepa.modeling"} <= modules
    imported = {name for file in files for name in imports(file, root)}
    assert imported - modules == DECIDE_NO_VECTOR


def name_of(file, root):
    return ".".join(file.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")


def imports(file, root):
    """The modules of vlret that a file imports anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [
                f"{node.module}.{name}" if is_module(f"{node.module}.{name}", root) else node.module
                for name in names
            ]
        yield from (name for name in names if name.split(".")[0] == "vlret")


def is_module(name, root):
    path = root.parent.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


@pytest.mark.parametrize("part", [*OF_VECTORS, *OF_NUMBERS])
def test_every_part_is_there(part):
    assert digest((part,)) != digest(())


def test_of_another_package(tmp_path):
    package = ModuleType("other")
    package.__file__ = str(tmp_path / "__init__.py")
    (tmp_path / "mini").mkdir()
    (tmp_path / "mini" / "a.py").write_text("a = 1")
    before = code_digest(("mini",), package)
    code_digest.cache_clear()
    assert code_digest(("mini",), package) == before
    (tmp_path / "mini" / "a.py").write_text("a = 2")
    code_digest.cache_clear()
    assert code_digest(("mini",), package) != before
