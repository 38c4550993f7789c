"""`vlret watch` as a process: a line for each batch, a clean end, and nothing lost by a kill."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, command, paint_video, vlret
from vlret.index.index import Index

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes in /proc")


class Watching:
    """A running `vlret watch`."""

    def __init__(self, *arguments: object) -> None:
        self.mark = f"VLRET_TEST={secrets.token_hex(8)}"
        name, _, value = self.mark.partition("=")
        self.process = subprocess.Popen(
            command("watch", *arguments), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, name: value},
        )  # fmt: skip

    def line(self) -> str:
        return self.process.stdout.readline()

    def end(self, sign: signal.Signals) -> tuple[int, str]:
        """Exit code and stderr."""
        self.process.send_signal(sign)
        _, err = self.process.communicate(timeout=100)
        return self.process.returncode, err

    @property
    def n_processes(self) -> int:
        """It and its children."""
        found = 0
        for folder in Path("/proc").iterdir():
            try:
                found += folder.name.isdigit() and self.mark.encode() in (folder / "environ").read_bytes()
            except OSError:  # ended, or another user's
                continue
        return found


@pytest.fixture
def films(tmp_path):
    (tmp_path / "films").mkdir()
    paint_video(tmp_path / "films/red.mp4", "red")
    return tmp_path / "films"


@pytest.fixture
def watching(films, models, tmp_path):
    started = []

    def start(*options, model="colour"):
        settings = ["--index", tmp_path / "index", "--settle", "0.3", "--model", models / model]
        started.append(Watching(films, *settings, *options))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        running.process.communicate()


def wait_until(condition, seconds: float = 100.0) -> None:
    end_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def test_lines_as_files_come_and_sigterm_ends_it(watching, films, tmp_path):
    running = watching()
    assert running.line().split("  ")[1] == "1 file added (1 clip)\n"
    paint_video(tmp_path / "new.mp4", "blue")
    (tmp_path / "new.mp4").rename(films / "new.mp4")
    (films / "bad.mp4").write_bytes(b"not a video")
    assert running.line().split("  ")[1] == "1 file added (1 clip), 1 file skipped\n"
    code, err = running.end(signal.SIGTERM)
    assert (code, running.n_processes) == (0, 0)
    lines = err.splitlines()
    assert lines[0] == f"vlret: watching {films}"
    assert lines[1].startswith(f"vlret: skipped {films}/bad.mp4: ")
    assert lines[2:] == ["vlret: terminated"]


def test_json_lines_and_ctrl_c(watching, films):
    running = watching("--json", "--poll", "0.5")
    document = json.loads(running.line())
    assert (document["schema"], document["new"], document["clips"]) == (1, 1, 1)
    code, err = running.end(signal.SIGINT)
    assert (code, running.n_processes) == (130, 0)
    assert "interrupted. Finished work is saved." in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("sign", "expected"), [(signal.SIGTERM, 0), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
def test_an_end_in_the_middle_of_its_work_loses_nothing(
    films, models, tmp_path, monkeypatch, watching, sign, expected
):
    """The model hangs for ten minutes after eight clips."""
    (models / "hanging").mkdir(exist_ok=True)
    (models / "hanging/hangs").unlink(missing_ok=True)
    for number in range(20):
        shutil.copy(films / "red.mp4", films / f"{number}.mp4")
    running = watching(model="hanging")
    wait_until((models / "hanging/hangs").exists)
    code, err = running.end(sign)
    assert code == expected
    assert "Traceback" not in err
    wait_until(lambda: running.n_processes == 0)
    again = watching("--json", model="hanging")
    document = json.loads(again.line())
    assert document["new"] + document["unchanged"] == 21
    again.end(signal.SIGTERM)
    rows = Index.open(tmp_path / "index").rows()
    assert (len(rows), rows["path"].nunique()) == (21, 21)
    assert Index.open(tmp_path / "index").check() == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["missing", "--index", "index"], 2),
        (["films"], 2),
        (["films", "--index", "index", "--settle", "0"], 2),
        (["films", "--index", "films"], 1),
    ],
)
def test_errors_are_one_line(films, tmp_path, models, monkeypatch, arguments, code):
    monkeypatch.chdir(tmp_path)
    run = vlret("watch", *arguments, "--model", models / "colour")
    assert (run.code, run.out) == (code, "")
    assert run.err.count("error:") == 1
    assert not (tmp_path / "index").exists()
