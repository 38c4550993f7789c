"""`vlret mcp`: indexes as tools of a language model."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from vlret.cli import options


def mcp(
    indexes: options.IndexPlaces,
    config: Annotated[
        bool, typer.Option("--config", help="Print the entry for a client's configuration, and exit.")
    ] = False,
    model: options.IndexModel = None,
    device: options.Device = "auto",
) -> None:
    """Let a language model search indexes: a server of the Model Context Protocol over stdin and stdout.

    Clients such as Claude Desktop start it themselves; --config prints what to paste into their configuration.

    Example: vlret mcp indexes/videos --config
    """
    if config:
        print(json.dumps(_config(indexes, model, device), indent=2))
        return
    from vlret.server.mcp.extra import check_extra

    check_extra()
    from vlret.server.mcp.library import ToolLibrary
    from vlret.server.mcp.server import create_server

    with ToolLibrary(indexes, model, device) as library:
        create_server(library).run("stdio")


def _config(indexes: list[str], model: str | None, device: str) -> dict[str, object]:
    """The entry that starts this server, whatever the directory and PATH of the client."""
    from vlret.index.index import Index
    from vlret.tasks.index_model import absolute_place

    for index in indexes:
        Index.open(index)  # an error where there is no index
    given = [*(["--model", model] if model else []), *(["--device", device] if device != "auto" else [])]
    folders = [absolute_place(index) for index in indexes]
    command = {"command": sys.executable, "args": ["-m", "vlret", "mcp", *folders, *given]}
    return {"mcpServers": {"vlret": command}}
