"""`vlret serve`: a page and an HTTP API for searching indexes."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from vlret.cli import options, output

if TYPE_CHECKING:
    from vlret.server.settings import Settings

_NEW_TOKEN = "auto"


def serve(
    indexes: options.IndexPlaces,
    host: Annotated[
        str, typer.Option(help="Address to listen on; one that others can reach needs --token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    token: Annotated[
        str | None, typer.Option(help="Access token that every request needs; auto makes and prints one.")
    ] = None,
    show_paths: Annotated[
        bool, typer.Option("--show-paths", help="Show the paths of media files, and commands that play them.")
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Another name of this service, such as that of a proxy; repeatable."
        ),
    ] = None,
    model: options.IndexModel = None,
    device: options.Device = "auto",
) -> None:
    """Serve a page, and an HTTP API, for searching indexes. Stop it with Ctrl-C.

    Example: vlret serve indexes/videos
    """
    from vlret.server.extra import check_extra

    check_extra()
    from vlret.server.run import run_server
    from vlret.server.settings import Settings

    settings = Settings(
        indexes=tuple(indexes),
        host=host,
        token=secrets.token_urlsafe(24) if token == _NEW_TOKEN else token,
        show_paths=show_paths,
        hosts=tuple(allow_host or ()),
        model=model,
        device=device,
    )
    run_server(settings, port, lambda address: _say_address(settings, address))


def _say_address(settings: Settings, address: str) -> None:
    output.show(f"{address}/?token={settings.token}" if settings.token else f"{address}/")
    sys.stdout.flush()
    output.say("open this address in a browser; stop with Ctrl-C")
