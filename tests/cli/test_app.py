"""app.py: start, exit codes, one line an error, and streams, mostly in processes of their own."""

from __future__ import annotations

import json
import logging
import os
import shlex
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Annotated

import pytest
import typer

from tests.cli.conftest import ROOT, command, paint_image, process, vlret
from vlret import __version__
from vlret.cli import app, info

HEAVY = ("torch", "transformers", "av", "timm", "faiss", "pandas", "pyarrow", "numpy", "yaml", "PIL")


def test_help_imports_no_heavy_modules_and_nothing_of_the_library():
    script = (
        "import sys; from vlret.cli.app import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)\n"
        "print(*sorted(m for m in sys.modules if m.startswith('vlret.')), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy, ours = done.stderr.splitlines()
    assert heavy == "[]"
    assert [name for name in ours.split() if not name.startswith("vlret.cli")] == [
        "vlret.errors",
        "vlret.text",
    ]
    assert all(verb in done.stdout for verb in app.VERBS)


def test_ctrl_c_during_the_imports_shows_no_traceback(tmp_path):
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "vlret", "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "vlret: interrupted.\n")


def test_every_way_to_start_runs_the_same_program():
    for words in (["-m", "vlret"], ["cli.py"]):
        done = subprocess.run(
            [sys.executable, *words, "--version"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout == f"vlret {__version__}\n"


@pytest.mark.parametrize("verb", list(app.VERBS))
def test_every_verb_has_help(verb):
    run = vlret(verb, "--help")
    assert (run.code, run.err) == (0, "")
    assert "Usage: vlret" in run.out


def test_a_search_imports_neither_av_nor_timm(index):
    script = (
        "import sys; from tests.cli import stand_ins; from vlret.models import registry\n"
        "registry._load_folder = stand_ins.load_folder\n"
        "from vlret.cli.app import main\n"
        f"try: main(['search', {str(index)!r}, 'red', '--paths'])\n"
        "except SystemExit as stop: print(stop.code, file=sys.stderr)\n"
        "print([m for m in ('av', 'timm') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr.split("\n") == ["0", "[]", ""]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-k", "-3"], "-3"),
        (["-k", "many"], "'many'"),
        (["--not", ""], "subtracted from it, is empty"),
        (["--html", "."], "ile '.' is a directory. Try: vlret search --help"),
        (["--html", "a.pdf"], "--html was given as a.pdf. Give a file name that ends in .html"),
        (["--minus", "snow"], "No such option: --minus"),
    ],
)
def test_an_error_shows_the_wrong_value(index, words, message):
    run = vlret("search", index, "red", *words)
    assert (run.code, run.out) == (2, "")
    assert message in run.err


@pytest.mark.parametrize("verb", [["index", "clips"], ["train", "recipe.toml"], ["bench", "retrieval"]])
@pytest.mark.parametrize("words", [["--out", ""], ["--out="]])
def test_an_empty_directory_is_not_the_current_one(tmp_path, monkeypatch, verb, words):
    monkeypatch.chdir(tmp_path)
    run = vlret(*verb, *words)
    assert (run.code, run.err) == (2, "vlret: error: --out is empty. Give the path of a file or directory.\n")
    assert not list(tmp_path.iterdir())


def test_stdout_holds_the_document_and_nothing_else(index):
    run = process("search", index, "red", "--json")
    assert (run.code, run.err) == (0, "")
    assert json.loads(run.out)["schema"] == 1


def test_only_warnings_of_vlret_are_shown_and_only_once(monkeypatch):
    def warn(json: bool = False) -> None:
        logging.getLogger().addHandler(handler := logging.StreamHandler())  # as some libraries do
        logging.getLogger("vlret.tasks").warning("ours:\n %d", 1)
        logging.getLogger("other").warning("theirs")
        warnings.warn("theirs, too", stacklevel=1)
        logging.getLogger().removeHandler(handler)

    monkeypatch.setitem(app.VERBS, "info", warn)
    assert vlret("info").err == "vlret: warning: ours: 1\n"


def test_version_and_no_verb():
    assert vlret("--version").out.strip() == f"vlret {__version__}"
    nothing = vlret()
    assert (nothing.code, nothing.out) == (2, "")
    assert "Usage" in nothing.err


def test_an_unknown_verb_is_one_line_with_help():
    run = vlret("serch")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("vlret: error: No such command 'serch'")
    assert "The commands are index, search, label" in run.err
    assert "vlret --help" in run.err
    assert "The commands are retrieval, classification" in vlret("bench", "retreival").err
    assert len(run.err.splitlines()) == 1


@pytest.mark.parametrize("place", [0, 3])
def test_debug_shows_the_traceback(tmp_path, place):
    words = ["search", tmp_path, "red"]
    words.insert(place, "--debug")
    assert "Traceback" in vlret(*words).err
    words.remove("--debug")
    assert "Traceback" not in vlret(*words).err


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (RuntimeError("two\nlines"), 1, "RuntimeError: two lines. This is a bug in vlret."),
        (OSError(28, "No space left on device", "a.html"), 1, "a.html: No space left on device."),
        (MemoryError(), 1, "out of memory"),
    ],
)
def test_any_other_error_is_one_line_too(monkeypatch, error, code, text):
    def fail(json: bool = False) -> None:
        raise error

    monkeypatch.setitem(app.VERBS, "info", fail)
    run = vlret("info")
    assert (run.code, run.out) == (code, "")
    assert run.err.startswith("vlret: error: ")
    assert text in run.err
    assert len(run.err.splitlines()) == 1
    assert info.info is not fail


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        ("index", "interrupted. Finished work is saved. Run the same command again to resume."),
        ("search", "interrupted."),
        ("caption", "interrupted."),
        ("caption --out", "interrupted. Finished work is saved. Run the same command again to resume."),
    ],
)
def test_ctrl_c_says_whether_the_command_can_resume(verb, message):
    def stop(out: Annotated[bool, typer.Option("--out")] = False) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.VERBS, verb.split()[0], stop)
        run = vlret(*verb.split())
    assert (run.code, run.err) == (130, f"vlret: {message}\n")


def test_a_reader_that_exits_is_not_an_error(index):
    run = subprocess.Popen(
        command("search", index, "red", "--all-clips"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    run.stdout.close()
    assert run.stderr.read() == b""
    assert run.wait(timeout=60) == 0


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("redirection", "code", "message"),
    [
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
        (">/dev/full", 1, "No space left on device.\n"),
        ("2>/dev/full", 0, ""),
    ],
)
def test_streams_that_cannot_be_written(index, redirection, code, message):
    line = f"{shlex.join(command('search', index, 'red', '--all-clips'))} {redirection}"
    run = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == code
    assert run.stderr.partition(": error: ")[2].endswith(message)
    assert len(run.stderr.splitlines()) == (1 if message else 0)


def test_names_with_control_characters_are_escaped_but_exact_in_json(models, tmp_path):
    paint_image(tmp_path / "red \x1b[2J\n.png", "red")
    (tmp_path / "bad\r.mp4").write_text("no video")
    folder = tmp_path / "index"
    indexed = vlret("index", tmp_path, "--out", folder, "--model", models / "colour")
    shown = [
        indexed.out,
        vlret("search", folder, "red").out,
        vlret("label", folder, "--labels", "red,\x1bblue").out,
        vlret("label", tmp_path, "--labels", "red", "--model", models / "colour").err,
        vlret("vqa", folder, "a \x1b", "--answers", "red", "--answers", "\x1b blue").out,
        vlret("search", folder, "./\x1b.mp4").err,
        vlret("serch\x1b").err,
    ]
    assert not [text for text in shown if set(text) & set("\x1b\r")]
    assert [len(text.splitlines()) for text in shown[1:3]] == [1, 1]
    assert r"red \x1b[2J\n.png" in shown[1]
    assert vlret("search", folder, "red", "--json").json["hits"][0]["path"] == str(
        tmp_path / "red \x1b[2J\n.png"
    )


def test_options_end_at_two_dashes(index, media, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("-rf.png", "--debug", "--help.png"):
        (tmp_path / name).write_bytes((media / "blue <b>.png").read_bytes())
        hit = vlret("search", index, "-k", 1, "--json", "--", name).json["hits"][0]
        assert (hit["path"], hit["score"]) == (str(media / "blue <b>.png"), pytest.approx(1, abs=1e-3))
    run = vlret("search", index, "-rf.png")
    assert (run.code, run.out) == (2, "")
    assert "If you mean the file, write -- before it, or ./-rf.png" in run.err


def interrupted(arguments: list[object], hangs: Path) -> tuple[int, str]:
    """Exit code and stderr of a run that gets Ctrl-C when its model hangs in a batch, for which it must not wait."""
    run = subprocess.Popen(command(*arguments), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while not hangs.exists() and run.poll() is None:
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    try:
        _, errors = run.communicate(timeout=120)
    finally:
        run.kill()
    return run.returncode, errors


def test_an_interrupted_index_resumes(tmp_path):
    for folder in ("media", "hanging"):
        (tmp_path / folder).mkdir()
    for number in range(20):
        paint_image(tmp_path / "media" / f"{number:02d}.png", "red")
    arguments = ["index", tmp_path / "media", "--out", tmp_path / "index", "--model", tmp_path / "hanging"]
    code, errors = interrupted(arguments, tmp_path / "hanging" / "hangs")
    message = "vlret: interrupted. Finished work is saved. Run the same command again to resume."
    assert (code, errors.splitlines()) == (130, [message])
    report = vlret(*arguments, "--json").json  # it hangs only once
    assert report["new"] + report["unchanged"] == report["found"] == 20
    assert 8 <= report["unchanged"] < 20  # it hangs after eight clips


@pytest.mark.parametrize("words", [("index", "a"), ("search", "index", "dog"), ("info", "index")])
def test_a_deleted_current_directory_is_an_error_of_one_line(words, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    run = vlret(*words)
    assert (run.code, run.out) == (1, "")
    message = "the current directory was deleted. Change to an existing one (cd) and run again."
    assert run.err == f"vlret: error: {message}\n"
