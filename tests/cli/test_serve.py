"""`vlret serve`: what it refuses to start, what it prints, and a service as a process of its own."""

from __future__ import annotations

import re
import signal
import socket
import subprocess

import httpx
import pytest

from tests.cli.conftest import ROOT, command, vlret
from vlret.server import extra


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "INDEX"),
        (["nowhere"], 1, "nowhere"),
        (["{index}", "--host", "0.0.0.0"], 2, "--token"),
        (["{index}", "--token", "short"], 2, "16"),
        (["{index}", "--port", "70000"], 2, "70000"),
    ],
)
def test_what_cannot_be_served_is_said(index, words, code, message):
    run = vlret("serve", *(word.format(index=index) for word in words))
    assert run.code == code
    assert message in run.err
    assert "Traceback" not in run.err


def test_a_port_in_use_is_said(index):
    with socket.create_server(("127.0.0.1", 0)) as used:
        run = vlret("serve", index, "--port", used.getsockname()[1])
    assert run.code == 2
    assert "--port" in run.err


def test_a_missing_package_is_said(index, monkeypatch):
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "uvicorn" else name)
    run = vlret("serve", index)
    assert run.code == 1
    assert "pip install 'vlret[serve]'" in run.err


def test_a_service_prints_its_address_and_ends_with_ctrl_c(index, tmp_path):
    words = command("serve", index, "--port", "0", "--token", "auto")
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        found = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/\?token=([\w-]{32})\n", line)
        assert found, line
        address, token = found.groups()
        assert httpx.get(f"{address}/api/indexes").status_code == 401
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.post(
            f"{address}/api/search", json={"query": "green", "k": 1}, headers=headers, timeout=30
        )
        assert answer.json()["hits"][0]["name"] == "green one.mp4"
        thumbnail = httpx.get(
            f"{address}{answer.json()['hits'][0]['thumbnail']}", headers=headers, timeout=30
        )
        assert thumbnail.headers["content-type"] == "image/jpeg"
    finally:
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=100)[1]
    assert process.returncode in (0, 130)
    assert "Traceback" not in rest
    assert token not in rest
