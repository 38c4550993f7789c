"""Painted media, their index, and two ways to run the command line: in this process and in its own."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.cli.stand_ins import load_folder
from tests.conftest import COLOURS
from vlret.cli.app import main
from vlret.models import registry

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Run:
    """What a run left: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def vlret(*arguments: object) -> Run:
    """Run the command line in this process, a folder named colour or asked being a model."""
    logger, root = logging.getLogger("vlret"), logging.getLogger()
    before = logger.handlers, logger.level, logger.propagate, root.level
    logger.handlers, out, err = [], io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(registry, "_load_folder", load_folder)
        patch.setattr("os._exit", _ended)
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
    logger.handlers, level, logger.propagate, root_level = before
    logger.setLevel(level)
    root.setLevel(root_level)
    return Run(int(stop.value.code or 0), out.getvalue(), err.getvalue())


def _ended(code: int) -> None:
    """In place of `os._exit`, which would end the tests: only an interrupted run may leave threads at work."""
    assert code != 0, "a run that came through left a thread at work"
    sys.exit(code)


def command(*arguments: object) -> list[str]:
    """The command of a process of its own; run it in ROOT."""
    return [sys.executable, "-m", "tests.cli.stand_ins", *map(str, arguments)]


def process(*arguments: object) -> Run:
    """Run the command line as a process of its own."""
    done = subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, check=False)
    return Run(done.returncode, done.stdout, done.stderr)


def paint_video(path: Path, *colours: str, seconds: int = 2) -> None:
    """Each colour for `seconds` at 5 fps."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=5, options={"crf": "1", "g": "5"})
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv444p"
        for colour in colours:
            picture = np.full((32, 32, 3), COLOURS[colour], np.uint8)
            for _ in range(5 * seconds):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())


def paint_image(path: Path, colour: str) -> None:
    Image.new("RGB", (40, 30), COLOURS[colour]).save(path)


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> Iterator[Path]:
    """A directory of trusted models with the model folders colour and asked."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("colour", "asked"):
        (folder / name).mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLRET_TRUSTED_MODELS", str(folder))
        yield folder


@pytest.fixture(scope="session")
def media(tmp_path_factory) -> Path:
    """long.mp4 is 20 s: red, then blue (two clips of 10 s); the others show one colour."""
    folder = tmp_path_factory.mktemp("media & ü")
    paint_video(folder / "green one.mp4", "green")
    paint_video(folder / "long.mp4", "red", "blue", seconds=10)
    paint_image(folder / "blue <b>.png", "blue")
    return folder


@pytest.fixture(scope="session")
def index(media, models, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("indexes") / "painted"
    run = vlret("index", media, "--out", folder, "--model", models / "colour")
    assert run.code == 0, run.err
    return folder
