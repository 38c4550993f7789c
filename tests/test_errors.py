"""errors.py: every error below the command line has a code and names no option; cli/hints.py adds the options."""

from __future__ import annotations

import ast
import builtins
import copy
import pickle
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import typer

import vlret
from vlret.cli import app, hints
from vlret.cli.hints import HINTS, with_options
from vlret.errors import UsageError
from vlret.media.unreadable_error import UnreadableError

PACKAGE = Path(vlret.__file__).parent
BELOW_CLI = sorted(
    file.relative_to(PACKAGE).as_posix()
    for file in PACKAGE.rglob("*.py")
    if file.relative_to(PACKAGE).parts[0] != "cli"
)
OF_OTHER_PROGRAMS = {
    "--benchmarks",
    "--head",
    "--include",
    "--local-dir",
    "--parts",
    "--revision",
    "--start",
    "--upgrade",
}
"""Options of pip, hf, egoexo and mpv, in commands that a message shows."""
PAGES = {"models/vljepa/publish.py"}
"""Files that write a page about a model, with commands of vlret in it."""
CAUGHT = {"SkippedError"}
"""Exceptions that are caught and counted: no user sees them as an error."""
PASSED_ON = {"<error.code>", "<header['code']>"}
"""The code of another error, of this process or of a child process."""
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+\b(?!:)")  # `--share:` is a variable of CSS
_CODE = re.compile(r"[a-z]+(_[a-z0-9]+)*")


@cache
def tree(file: str) -> ast.Module:
    return ast.parse((PACKAGE / file).read_text("utf-8"))


def factories(module: ast.Module) -> Iterator[ast.FunctionDef]:
    """Functions that return an error with the code that they are given."""
    for node in ast.walk(module):
        if not isinstance(node, ast.FunctionDef) or "code" not in parameters(node):
            continue
        if node.returns and ast.unparse(node.returns).endswith("Error"):
            yield node


def parameters(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]


FACTORIES = {function.name: function for file in BELOW_CLI for function in factories(tree(file))}


def errors(file: str) -> Iterator[ast.Call]:
    """Each call of a name that ends in Error and is not Python's own, or of a factory; less those in a factory."""
    module = tree(file)
    inside = {id(node) for factory in factories(module) for node in ast.walk(factory)}
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and id(node) not in inside:
            name = node.func.id
            if name in FACTORIES or (
                name.endswith("Error") and name not in CAUGHT and not hasattr(builtins, name)
            ):
                yield node


def arguments(error: ast.Call) -> dict[str | None, ast.expr]:
    """What an error is made with, by name; of a factory, its own arguments too."""
    found = {keyword.arg: keyword.value for keyword in error.keywords}
    factory = FACTORIES.get(error.func.id)
    if factory:
        made = {keyword.arg: keyword.value for node in ast.walk(factory) if isinstance(node, ast.Call)
                for keyword in node.keywords}  # fmt: skip
        found = {**made, **dict(zip(parameters(factory), error.args, strict=False)), **found}
    return found


def codes_of(error: ast.Call) -> list[str]:
    """Its code, two of `"a" if x else "b"`, or one of PASSED_ON."""
    value = arguments(error).get("code")
    choices = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    return [
        str(choice.value) if isinstance(choice, ast.Constant) else f"<{ast.unparse(choice)}>"
        for choice in choices
        if choice is not None
    ]


@cache
def errors_by_code() -> dict[str, list[ast.Call]]:
    """The errors of all files below the command line by their codes."""
    found = defaultdict(list)
    for error in (error for file in BELOW_CLI for error in errors(file)):
        for code in codes_of(error):
            found[code].append(error)
    return found


def texts(file: str) -> Iterator[tuple[int, str]]:
    """(line, text) of each string constant, those inside f-strings too, that is no docstring."""
    module = tree(file)
    docstrings = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def options(command: Any) -> set[str]:
    """The options of a command of the program and of those below it."""
    own = {name for parameter in command.params for name in parameter.opts}
    return own.union(*(options(below) for below in getattr(command, "commands", {}).values()))


@pytest.mark.parametrize("file", BELOW_CLI)
def test_every_error_has_a_code(file):
    for error in errors(file):
        codes = codes_of(error)
        assert codes, f"line {error.lineno} has no code"
        assert all(code in PASSED_ON or _CODE.fullmatch(code) for code in codes), (
            f"line {error.lineno}: {codes}"
        )


@pytest.mark.parametrize("file", [file for file in BELOW_CLI if file not in PAGES])
def test_no_text_below_the_command_line_names_an_option(file):
    named = [
        f"{file}:{line} {option}"
        for line, text in texts(file)
        for option in _OPTION.findall(text)
        if option not in OF_OTHER_PROGRAMS
    ]
    assert not named


@pytest.mark.parametrize("code", HINTS)
def test_a_hint_belongs_to_an_error_that_has_its_fields(code):
    fields = {name for _, name, _, _ in Formatter().parse(HINTS[code]) if name is not None}
    made = errors_by_code()[code]
    assert made
    for error in made:
        assert fields <= set(arguments(error))


def test_hints_name_options_that_exist_and_are_sorted():
    known = options(typer.main.get_command(app._app()))
    assert set(re.findall(r"--[a-z-]+", " ".join(HINTS.values()))) <= known
    assert list(HINTS) == sorted(HINTS)


def test_a_hint_takes_the_place_of_the_error_s_own(monkeypatch):
    monkeypatch.setitem(hints.HINTS, "full", "Give --out another disk than {disk}.")
    error = UsageError("No room.", "Give another folder.", code="full", disk="/dev/a")
    assert with_options(error) == "No room. Give --out another disk than /dev/a."


@pytest.mark.parametrize("hint", ["{path}", "{path.name}", "{path[0]}"])
def test_without_its_fields_an_error_keeps_its_own_hint(monkeypatch, hint):
    monkeypatch.setitem(hints.HINTS, "full", hint)
    assert with_options(UsageError("No room.", "Make some.", code="full")) == "No room. Make some."
    assert with_options(UsageError("No room.", "Make some.", code="other")) == "No room. Make some."
    assert with_options(UsageError("No room.")) == "No room."


def test_an_error_holds_what_it_speaks_of():
    error = UsageError("It is red.", "Give blue.", code="wrong_colour", given="red", allowed=["blue"])
    assert (error.message, error.hint, error.code, error.exit_code) == (
        "It is red.",
        "Give blue.",
        "wrong_colour",
        2,
    )
    assert error.fields == {"given": "red", "allowed": ["blue"]}
    assert str(error) == "It is red. Give blue."


def test_the_walk_finds_errors_without_a_code_and_options_in_texts(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.test_errors.PACKAGE", tmp_path)
    (tmp_path / "bad.py").write_text(
        '"""Names --docs."""\nHINT = f"{x} Give --out, not ---."\n'
        'def f(): """Names --more."""; raise UsageError("No.", code="a" if x else "Not so")\n'
        'def g(): return MediaError("No.", HINT, code=name)\ndef h(): raise ValueError("No.")\nOutputError("No.")\n'
    )
    with pytest.raises(AssertionError, match="line 6 has no code"):
        test_every_error_has_a_code("bad.py")
    assert [codes_of(error) for error in errors("bad.py")] == [[], ["a", "Not so"], ["<name>"]]
    with pytest.raises(AssertionError, match=r"bad\.py:2 --out"):
        test_no_text_below_the_command_line_names_an_option("bad.py")
    assert [line for line, text in texts("bad.py") if "--" in text] == [2]


def pickled(error):
    return pickle.loads(pickle.dumps(error))  # noqa: S301


@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, pickled])
def test_errors_cross_processes(through):
    for error in (
        UnreadableError(Path("a.mp4"), "no video", "Check it.", code="no_video", given=3),
        UsageError("No.", "Do.", code="no", given=1),
    ):
        made = through(error)
        assert (type(made), str(made), made.__dict__) == (type(error), str(error), error.__dict__)
