from __future__ import annotations

import os
import sys

import pytest

from tests.refusal import refused
from vlret.media.live.source import stream_source


def test_a_file_and_a_pipe_are_told_apart(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    os.mkfifo(tmp_path / "fifo")
    assert stream_source(tmp_path / "a.mp4").kind == "file"
    assert stream_source(str(tmp_path / "fifo")).kind == "pipe"


def test_a_character_device_is_a_camera():
    assert stream_source("/dev/null").kind == "camera"


def test_an_address_is_named_without_its_password():
    source = stream_source("RTSP://me:secret@camera/live?token=secret")
    assert (source.kind, source.name) == ("address", "RTSP://***@camera/live?***")
    assert source.location == "rtsp://me:secret@camera/live?token=secret"
    assert "secret" not in repr(source)


def test_a_password_with_a_space_is_not_in_the_name():
    assert stream_source("rtsp://me:my secret@camera/live").name == "rtsp://***@camera/live"


@pytest.mark.parametrize("given", ["ftp://host/a.mp4", "file:///etc/passwd", "concat://a", "udp://@:1234"])
def test_other_addresses_are_refused(given):
    with refused("unknown_scheme"):
        stream_source(given)


@pytest.mark.parametrize("given", ["missing.mp4", "."])
def test_what_is_no_source_is_refused(given):
    with refused("media_not_found"):
        stream_source(given)


def test_a_terminal_is_no_pipe(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with refused("stdin_is_terminal"):
        stream_source("-")
