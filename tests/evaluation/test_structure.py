"""Where things are: the runner alone at the top, and only the registry of tasks distinguishes kinds of datasets."""

from __future__ import annotations

import ast
from pathlib import Path

import vlret
from vlret.evaluation.tasks.registry import TASKS

EVALUATION = Path(vlret.__file__).parent / "evaluation"


def test_the_runner_is_the_only_module_at_the_top():
    assert {file.name for file in EVALUATION.glob("*.py")} == {"__init__.py", "runner.py"}


def test_no_module_distinguishes_kinds_of_datasets():
    """`bench` may ask once whether a table has captions, which an index is searched for."""
    kinds = {kind.__name__ for kind in TASKS}
    files = [*EVALUATION.rglob("*.py"), *(EVALUATION.parent / "datasets").rglob("*.py")]
    found = [
        (file.relative_to(EVALUATION.parent).as_posix(), name.id)
        for file in files
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "isinstance"
        for name in ast.walk(call.args[1])
        if isinstance(name, ast.Name) and name.id in kinds
    ]
    assert found == [("evaluation/inputs/bench.py", "RetrievalSet")]
