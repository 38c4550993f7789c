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

import pytest

from tests.cli.conftest import ROOT, command, process, vlret
from vlret import __version__
from vlret.cli import app, info

HEAVY = ("torch", "transformers", "av", "timm", "faiss", "pandas", "pyarrow", "numpy")


def test_help_starts_at_once_without_heavy_modules():
    script = (
        "import sys, time; began = time.process_time(); from vlret.cli.app import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(time.process_time() - began, file=sys.stderr)\n"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds, heavy = done.stderr.split(maxsplit=1)
    assert heavy.strip() == "[]"
    assert float(seconds) < 0.5
    assert all(verb in done.stdout for verb in app.VERBS)


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
    ("words", "told"),
    [
        (["-k", "-3"], "greater than or equal to 1, not '-3'. Try: vlret search --help"),
        (["-k", "many"], "not 'many'. Try"),
        (["--not", ""], "taken away from it, is empty"),
        (["--html", "."], "file '.' is a directory. Try"),
        (["--html", "a.pdf"], "--html was given as a.pdf. A page is HTML"),
        (["--minus", "snow"], "No such option: --minus"),
    ],
)
def test_a_wrong_value_is_told_with_what_was_given(index, words, told):
    run = vlret("search", index, "red", *words)
    assert (run.code, run.out) == (2, "")
    assert told in run.err


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
    assert "There are index, search, label" in run.err
    assert "vlret --help" in run.err
    assert "There are retrieval, classification" in vlret("bench", "retreival").err
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
        (RuntimeError("two\nlines"), 1, "RuntimeError: two lines"),
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
    ("verb", "told"),
    [
        ("index", "stopped. What was finished is kept; the same command goes on from there."),
        ("search", "stopped."),
    ],
)
def test_ctrl_c_says_whether_the_command_goes_on(verb, told):
    def stop(json: bool = False) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.VERBS, verb, stop)
        run = vlret(verb)
    assert (run.code, run.err) == (130, f"vlret: {told}\n")


def test_a_reader_that_goes_away_is_no_error(index):
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
    ("redirection", "code", "told"),
    [
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
        (">/dev/full", 1, "No space left on device.\n"),
        ("2>/dev/full", 0, ""),
    ],
)
def test_streams_that_cannot_be_written(index, redirection, code, told):
    line = f"{shlex.join(command('search', index, 'red', '--all-clips'))} {redirection}"
    run = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == code
    assert run.stderr.partition(": error: ")[2].endswith(told)
    assert len(run.stderr.splitlines()) == (1 if told else 0)


def test_names_with_control_characters_are_escaped_but_exact_in_json(models, tmp_path):
    from tests.cli.conftest import paint_image

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


def test_an_interrupted_index_goes_on(models, tmp_path):
    from tests.cli.conftest import paint_video

    (tmp_path / "media").mkdir()
    for number in range(40):
        paint_video(tmp_path / "media" / f"{number:02d}.mp4", "red", "blue", seconds=10)
    arguments = ["index", tmp_path / "media", "--out", tmp_path / "index", "--model", models / "colour"]
    run = subprocess.Popen(
        command(*arguments), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "index").exists() and run.poll() is None:
        time.sleep(0.02)
    time.sleep(0.3)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert "Traceback" not in errors
    assert run.returncode in (0, 130)  # it may have been done just before
    if run.returncode == 130:
        assert "goes on from there" in errors
    report = vlret(*arguments, "--json").json
    assert report["new"] + report["unchanged"] == report["found"] == 40


@pytest.mark.parametrize("words", [("index", "a"), ("search", "index", "dog"), ("info", "index")])
def test_a_current_folder_that_was_deleted_is_told_in_one_line(words, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    run = vlret(*words)
    assert (run.code, run.out) == (1, "")
    assert (
        run.err == "vlret: error: the current folder was deleted. Go to one that exists (cd) and run again.\n"
    )


def test_ctrl_c_does_not_wait_for_the_batch_in_hand(media, tmp_path):
    (tmp_path / "slow").mkdir()
    arguments = ["index", media, "--out", tmp_path / "index", "--model", tmp_path / "slow"]
    run = subprocess.Popen(command(*arguments), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "slow" / "encoding").exists() and run.poll() is None:
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=20)
    assert (run.returncode, len(errors.splitlines())) == (130, 1)
