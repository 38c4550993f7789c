"""`vlret stream` as a process: lines as they happen, a clean end, no password."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest

from tests.cli.conftest import ROOT, command, paint_video, process, vlret
from tests.media.live.serving import serving


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    paint_video(path, "red", "blue", "red", seconds=6)
    return path


@pytest.fixture
def options(models, tmp_path):
    (tmp_path / "sentences.txt").write_text("red\ngreen\nblue\n")
    return ["--model", models / "colour", "--captioner", tmp_path / "sentences.txt"]


def test_a_line_for_each_event_and_a_summary(film, options):
    run = vlret("stream", film, *options)
    assert run.code == 0, run.err
    lines = run.out.splitlines()
    assert [line.split()[2] for line in lines] == ["red", "blue", "red"]
    assert lines[0].split()[0] == "0:00"
    assert lines[2].endswith("(reused)")
    assert "vlret: 3 events, 1 of them with a reused text; 0 frames dropped" in run.err


def test_json_lines(film, options):
    run = vlret("stream", film, *options, "--format", "jsonl")
    assert run.code == 0, run.err
    assert [(line["schema"], line["source"], line["text"], line["reuses"]) for line in run.json_lines] == [
        (1, str(film), "red", None),
        (1, str(film), "blue", None),
        (1, str(film), "red", 0),
    ]


def test_standard_input(film, options):
    with film.open("rb") as file:
        done = subprocess.run(
            command("stream", "-", *options),
            cwd=ROOT,
            stdin=file,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert "watching standard input" in done.stderr


@pytest.mark.parametrize("sign", [signal.SIGINT])
def test_ctrl_c_ends_an_endless_pipe_with_a_summary(film, options, tmp_path, sign):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    running = subprocess.Popen(
        command("stream", fifo, *options), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with fifo.open("wb") as pipe:  # stays open: the stream does not end
        subprocess.run(
            [*_remux(film), "-f", "mpegts", "-"], stdout=pipe, stderr=subprocess.DEVNULL, check=True
        )
        first = running.stdout.readline()
        running.send_signal(sign)
        out, err = running.communicate(timeout=60)
    assert first.split()[2] == "red"
    assert running.returncode == 130
    assert "frames dropped" in err
    assert "interrupted" in err
    assert "Traceback" not in err + out


def _remux(path):
    import imageio_ffmpeg

    return [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-c", "copy"]


def test_no_password_is_printed(film, options):
    with serving(film.read_bytes(), length=True) as address:
        good = process("stream", address + "?token=secret", *options, "--format", "jsonl")
    lost = process("--debug", "stream", address, *options)
    twice = process("--debug", "stream", address, address, *options)
    assert (good.code, lost.code, twice.code) == (0, 1, 2), good.err
    assert json.loads(good.out.splitlines()[0])["source"].endswith("/live?***")
    for run in (good, lost, twice):
        assert "secret" not in run.out + run.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["missing.mp4"], 1),
        (["film", "--format", "srt"], 2),
        (["film", "--delay", "1"], 2),
        (["film", "--rate", "0"], 2),
        (["ftp://host/film"], 2),
    ],
)
def test_errors_are_one_line(film, options, arguments, code):
    run = vlret("stream", *[film if word == "film" else word for word in arguments], *options)
    assert run.code == code
    assert run.out == ""
    assert run.err.count("error:") == 1
