"""`vlret mcp` over stdin and stdout, as clients start it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.cli.conftest import ROOT, command, vlret


def test_a_client_searches_over_stdio(index, models):
    program, *arguments = command("mcp", index, "--model", models / "colour")
    server = StdioServerParameters(command=program, args=arguments, cwd=ROOT)

    async def run():
        async with Client(stdio_client(server)) as client:
            started_s = time.monotonic()
            result = await client.call_tool("search", {"query": "blue", "limit": 2})
            while result.is_error and "loading" in result.content[0].text:
                result = await client.call_tool("search", {"query": "blue", "limit": 2})
            first_s = time.monotonic() - started_s
            started_s = time.monotonic()
            media = json.loads(result.content[0].text)["hits"][0]["media"]
            sheet = await client.call_tool("context", {"media": media, "time": 12})
            return result, sheet, first_s, time.monotonic() - started_s

    result, sheet, _, _ = asyncio.run(run())
    assert [hit["name"] for hit in json.loads(result.content[0].text)["hits"]] == ["blue <b>.png", "long.mp4"]
    assert sheet.content[0].type == "image"


def test_it_ends_with_its_input_and_prints_nothing_of_its_own(index, models):
    done = subprocess.run(
        command("mcp", index, "--model", models / "colour"), cwd=ROOT, input="", capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_configuration_starts_this_program_from_anywhere(index):
    run = vlret("mcp", index, "--config")
    entry = json.loads(run.out)["mcpServers"]["vlret"]
    done = subprocess.run(
        [entry["command"], *entry["args"][:2], "--version"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("vlret ")
    assert entry["args"][2:] == ["mcp", str(index)]


@pytest.mark.parametrize("options", [[], ["--config"]])
def test_errors_are_one_line(tmp_path, options):
    run = vlret("mcp", tmp_path, *options)
    assert (run.code, run.out, len(run.err.splitlines())) == (1, "", 1)
    assert "holds no index" in run.err


def test_it_needs_no_package_of_the_web_service():
    """`vlret[mcp]` does not bring them."""
    script = (
        "import sys, vlret.server.child, vlret.server.mcp.server\n"
        "print([name for name in ('fastapi', 'prometheus_client', 'torch') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_without_its_package_one_line_says_what_to_install(index, monkeypatch):
    monkeypatch.setattr("vlret.server.mcp.extra.find_spec", lambda _: None)
    run = vlret("mcp", index)
    assert (run.code, run.out, len(run.err.splitlines())) == (1, "", 1)
    assert "pip install 'vlret[mcp]'" in run.err
